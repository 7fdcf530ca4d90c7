/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A saved profile as a feed: nothing more comes. */
#pragma once

#include "profile/feed.h"
#include "symbolize/symbolize.h"

/* `p` stays the caller's. */
struct feed *saved_feed(struct profile *p, const char *title, const struct symbolize_options *o);
