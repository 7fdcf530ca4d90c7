/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A feed: what a screen or a server sees of a running profiler.
 *
 * A running profiler (live/live.h) and a saved file (live/saved.h) implement it alike, so that
 * whatever shows a profile works on both, and in tests without privileges.
 * Owner: the implementation's; `free` ends it. The profile stays the feed's; it changes in fill(),
 * and is another one after retarget().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "profile/code.h"
#include "profile/profile.h"

/* A boundary between samples: what is sampled before it is in windows that end there. */
struct feed_mark {
	uint64_t entry;   /* number of the first sample behind it */
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	uint64_t lost;    /* samples, until then */
	double overhead_cpu_s;
};

/* A part of what was sampled. */
struct feed_window {
	pid_t pid;                 /* 0: the whole machine */
	struct feed_mark from, to; /* `to` later than `from`; with by_time only their times count,
				    * and UINT64_MAX is now */
	bool by_time;
	const char *trace_id; /* a label of every sample; NULL: none */
};

/* CPU time by cgroup, since the feed began. */
struct feed_usage {
	char *cgroup;       /* path */
	char container[16]; /* "": none */
	uint64_t cpu_ns;
	uint64_t seen_ns; /* CLOCK_MONOTONIC: when it last ran */
};

/* What a server tells of its profiler. */
struct feed_status {
	struct account account; /* since the feed began; the feed's own */
	uint64_t started_ns;    /* CLOCK_MONOTONIC */
	uint64_t rate_hz;       /* now */
	uint64_t history_ns;    /* that can be looked back */
	uint64_t history_bytes, profile_bytes;
	uint64_t frames, stacks;
	uint64_t renewals; /* times that everything was begun anew to bound memory */
	const struct feed_usage *usage;
	size_t n_usage;
	bool usage_is_cut; /* there are more groups than are kept apart */
};

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

	/* For a server; NULL where there is no running profiler. */

	/* Sets a mark now. */
	int (*mark)(struct feed *f, struct feed_mark *ret, struct err *err);
	/* Copies a window into an initialised profile, named, with its account. */
	int (*window)(struct feed *f, const struct feed_window *w, struct profile *ret,
		      struct err *err);
	/* Samples at the rate of profiles while somebody waits for one (`open` of them, the oldest
	 * from that entry on), else at that of the history. */
	int (*demand)(struct feed *f, size_t open, uint64_t oldest_entry, struct err *err);
	/* What the threads of a process (0: of all) are doing, into an initialised profile. */
	int (*threads)(struct feed *f, pid_t pid, struct profile *ret, struct err *err);
	/* Appends "0xADDRESS name" lines for the addresses of a process (0: the kernel) that have
	 * one. */
	int (*names)(struct feed *f, pid_t pid, const uint64_t *addresses, size_t n,
		     struct str *ret);
	/* To be called every second: forgets what is too old. */
	int (*tick)(struct feed *f, struct err *err);
	const struct feed_status *(*status)(struct feed *f);

	void (*free)(struct feed *f);
	struct profile *profile;
	char title[128]; /* what is profiled, in words */
};
