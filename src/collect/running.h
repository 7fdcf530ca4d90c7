/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where threads are that run at this moment: the next tick of each, by a perf event of its own.
 *
 * Owner: running_ticks_free().
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "abi/records.h"

enum { MAX_RUNNING = 256 };

struct running_tick {
	pid_t tid;
	struct capture_record *capture; /* with its stack behind it; NULL: no tick was seen */
	uint32_t n_kernel;
	uint64_t kernel[MAX_KERNEL_FRAMES];
};

/* Waits some milliseconds of the threads' CPU time; threads that stop running meanwhile have no
 * tick. Returns `n` ticks (heap). */
struct running_tick *running_ticks(const pid_t *tids, size_t n);
void running_ticks_free(struct running_tick *ticks, size_t n);
