/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A running profiler: a recording and the names of what it finds, as a feed.
 *
 * Life: live_new(), live_start(), then either live_poll() until it is enough and live_finish(), or
 *       the feed's fill() as often as the screen is drawn; feed->free() ends it.
 */
#pragma once

#include "collect/recording.h"
#include "profile/feed.h"
#include "symbolize/symbolize.h"

struct live;

struct live *live_new(const struct recording_options *o, const struct symbolize_options *names,
		      struct err *err);
int live_start(struct live *l, struct err *err);
/* Readable when live_poll() should be called before its time. */
int live_wait_fd(const struct live *l);
/* Takes in what has arrived; 1 when all targets are gone. */
int live_poll(struct live *l, struct err *err);
/* Stops, takes in the rest, names it, fills the account. */
int live_finish(struct live *l, struct err *err);
struct feed *live_feed(struct live *l);
struct recording *live_recording(const struct live *l);
