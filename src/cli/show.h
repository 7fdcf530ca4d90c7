/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The full-screen view of a feed: what `top` and `report` show on a terminal. */
#pragma once

#include "analysis/view.h"
#include "profile/feed.h"

struct show_options {
	bool is_live;
	int signal_fd;
	const char *source_path;
	const struct view_options *view; /* to begin with; NULL: everything */
};

/* Runs until the user leaves or a signal asks for it. */
int show_feed(struct feed *feed, const struct show_options *o, struct err *err);
