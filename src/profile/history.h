/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was sampled, for as long as it is remembered: what a server sees of a profiler that runs for
 * weeks (live/service.h), of which it cuts windows.
 *
 * Owner: the implementation's; `free` ends it. Every call is there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "profile/profile.h"
#include "profile/values.h"

/* A boundary between samples: what is sampled before it is in windows that end there. */
struct history_mark {
	uint64_t entry;   /* number of the first sample behind it */
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	uint64_t lost;    /* samples, until then */
	double overhead_cpu_s;
};

/* A part of what was sampled. */
struct history_window {
	pid_t pid;                    /* 0: the whole machine */
	struct history_mark from, to; /* `to` later than `from`; with by_time only their times
				       * count, and UINT64_MAX is now */
	bool by_time;
	const char *event;    /* whose samples; NULL: all that are recorded */
	enum value_kind kind; /* a flow: what came in the window; a state: what is true at its end,
			       * made of all that came before */
	const char *trace_id; /* a label of every sample; NULL: none */
};

/* CPU time by cgroup, since it began. */
struct history_usage {
	char *cgroup;       /* path */
	char container[16]; /* "": none */
	uint64_t cpu_ns;
	uint64_t seen_ns; /* CLOCK_MONOTONIC: when it last ran */
};

/* What a server tells of its profiler. */
struct history_status {
	struct account account; /* since it began; the profiler's own */
	uint64_t started_ns;    /* CLOCK_MONOTONIC */
	uint64_t rate_hz;       /* now */
	uint64_t history_ns;    /* that can be looked back */
	uint64_t history_bytes, profile_bytes;
	uint64_t frames, stacks;
	uint64_t renewals; /* times that everything was begun anew to bound memory */
	const struct history_usage *usage;
	size_t n_usage;
	bool usage_is_cut; /* there are more groups than are kept apart */
};

struct history {
	/* A descriptor that is readable when take() should be called. */
	int (*wait_fd)(struct history *h);
	/* Takes in what has arrived. */
	int (*take)(struct history *h, struct err *err);
	/* Sets a mark now. */
	int (*mark)(struct history *h, struct history_mark *ret, struct err *err);
	/* Is an event of that name recorded? NULL is any. */
	bool (*has)(struct history *h, const char *event);
	/* Copies a window into an initialised profile, named, with its account. */
	int (*window)(struct history *h, const struct history_window *w, struct profile *ret,
		      struct err *err);
	/* Samples at the rate of profiles while somebody waits for one (`open` of them, the oldest
	 * from that entry on), else at that of the history. */
	int (*demand)(struct history *h, size_t open, uint64_t oldest_entry, struct err *err);
	/* What the threads of a process (0: of all) are doing, into an initialised profile. */
	int (*threads)(struct history *h, pid_t pid, struct profile *ret, struct err *err);
	/* Appends "0xADDRESS name" lines for the addresses of a process (0: the kernel) that have
	 * one. */
	int (*names)(struct history *h, pid_t pid, const uint64_t *addresses, size_t n,
		     struct str *ret);
	/* To be called every second: forgets what is too old. */
	int (*tick)(struct history *h, struct err *err);
	const struct history_status *(*status)(struct history *h);
	/* The same account, with frames and how many of them have a name, of what is remembered:
	 * for the end. */
	const struct account *(*summary)(struct history *h);

	void (*free)(struct history *h);
	char title[128]; /* what is profiled, in words */
};
