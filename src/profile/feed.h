/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A feed: what a screen or a server sees of a running profiler.
 *
 * A running profiler (live/) and a saved file implement it alike, so that whatever shows a profile
 * works on both, and in tests without privileges.
 * Owner: the implementation's; `free` ends it. The profile stays the feed's and changes in fill().
 */
#pragma once

#include "base/err.h"
#include "profile/profile.h"

struct feed {
	/* Brings `profile` up to date: adds what was sampled since the last call, names it, and
	 * refreshes profile->account. Returns 0, 1 when nothing more will come, or an error. */
	int (*fill)(struct feed *f, struct err *err);
	/* A descriptor that is readable when take() should be called; -1: none. */
	int (*wait_fd)(struct feed *f);
	/* Takes in what has arrived, without touching the profile's samples. As fill() returns. */
	int (*take)(struct feed *f, struct err *err);
	void (*free)(struct feed *f);
	struct profile *profile;
	char title[128]; /* what is profiled, in words */
};
