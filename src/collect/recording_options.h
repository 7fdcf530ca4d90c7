/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is to be recorded, and how.
 *
 * Owner: texts and lists are the caller's, and outlive the recording.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "collect/events.h"
#include "collect/journal.h"

enum { RECORDING_POLL_MS = 200, RECORDING_MAX_EVENTS = 8, RECORDING_MAX_DEPTH = 1024 };

#define JOURNAL_BLOCK_NS 1000000000ull

enum { DEFAULT_HZ = 99, DEFAULT_COMMAND_HZ = 999 };

struct recording_options {
	pid_t *pids, *tids; /* none: the whole machine */
	size_t n_pids, n_tids;
	const char *cgroup;     /* path, or NULL */
	const char *user;       /* name or number, or NULL */
	const char *cpus;       /* list, or NULL: all */
	char *const *command;   /* NULL: none */
	bool command_is_clock;  /* it is no target: it only says how long to sample the others */
	bool by_frame_pointers; /* no unwind tables */
	bool silent_command;    /* it shall not write on our screen */
	bool no_scale;    /* a clock's samples are worth their periods, not what threads ran */
	bool no_fallback; /* to perf's own samples, where the kernel refuses our programs */
	struct event events[RECORDING_MAX_EVENTS];
	size_t n_events;
	uint64_t frequency_hz; /* 0 with `period` */
	uint64_t period;
	unsigned max_depth;
	uint64_t block_ns; /* of time, which samples are kept apart by; 0: they are not */
	bool idle, no_user, no_kernel, want_cpu;
	double budget_share;     /* of the machine that sampling may cost; 0: no limit */
	struct journal *journal; /* takes the samples in place of the profile; NULL: none */
};
