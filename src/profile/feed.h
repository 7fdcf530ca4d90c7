/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A feed: what a screen sees of a running profiler.
 *
 * A running profiler (live/live.h) and a saved file (live/saved.h) implement it alike, so that
 * whatever shows a profile works on both, and in tests without privileges.
 * Owner: the implementation's; `free` ends it. The profile stays the feed's; it changes in fill(),
 *        and is another one after retarget().
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "profile/code.h"
#include "profile/profile.h"

struct feed {
	/* Brings `profile` up to date: adds what was sampled since the last call, names it, and
	 * refreshes profile->account. Returns 0, 1 when nothing more will come, or an error. */
	int (*fill)(struct feed *f, struct err *err);
	/* A descriptor that is readable when take() should be called; -1: none. */
	int (*wait_fd)(struct feed *f);
	/* Takes in what has arrived, without touching the profile's samples. As fill() returns. */
	int (*take)(struct feed *f, struct err *err);
	/* Profiles something else from now on: "all", the number of a process, or a cgroup's path.
	 * On failure all goes on as before; if it cannot, `profile` is NULL: the end. NULL: it
	 * cannot be asked for. */
	int (*retarget)(struct feed *f, const char *target, struct err *err);
	/* The instructions of the function at an offset of a mapping's file. */
	int (*annotate)(struct feed *f, mapping_id mapping, uint64_t offset, struct code *ret,
			struct err *err);

	void (*free)(struct feed *f);
	struct profile *profile;
	char title[128]; /* what is profiled, in words */
};
