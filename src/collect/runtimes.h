/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long threads have really run, by the kernel's own account, for samples of a clock.
 *
 * A sample stands for the time between two of the clock's interrupts; one that comes late falls on
 * whoever runs by then, so that threads that switch very often are charged for each other. The
 * kernel side tells with each sample how long its thread has run so far (sum_exec_runtime, what
 * /proc/TID/schedstat shows), and what a thread's samples are worth is scaled to that.
 *
 * Shape: counts of one drain are told by runtimes_add(), all of them, and then each asks
 *        runtimes_value(). A thread that has run for less than LEAST_PERIODS periods, or a quarter
 *        of a second, keeps what its samples say: they stand for the threads, too, that were too
 *        short to be sampled, and the kernel's account is late by up to a tick.
 * Units: nanoseconds.
 * Bounds: MAX_RUNTIMES threads; others keep what their samples say.
 * Owner: runtimes_free().
 * Source: kernel/sched/fair.c, update_curr(); proc(5).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "abi/records.h"

struct runtimes;

enum { MAX_RUNTIMES = 1 << 16, LEAST_PERIODS = 16, LEAST_RUNTIME_NS = 250000000 };

/* `whole`: all that a thread runs is sampled, from its beginning on. `began_ns` is when sampling
 * begins, of CLOCK_BOOTTIME. */
struct runtimes *runtimes_new(bool whole, uint64_t began_ns);
void runtimes_free(struct runtimes *r);
/* Before sampling begins: threads of these processes that run already; of all, where `n` is 0. What
 * cannot be read in 50 ms is estimated by the first sample. */
void runtimes_begin(struct runtimes *r, const pid_t *pids, size_t n);
/* When sampling has ended, and before the last drain: what they have run since their last samples.
 */
void runtimes_end(struct runtimes *r);

/* Tells a count. Returns the number of its thread in this drain; NO_ID: it keeps its value. */
uint32_t runtimes_add(struct runtimes *r, const struct count_key *key,
		      const struct count_value *value);
/* What the samples of a count that was told are worth; `thread` is what that returned. */
uint64_t runtimes_value(struct runtimes *r, uint32_t thread, uint64_t value);
/* All counts of the drain were asked for. */
void runtimes_settle(struct runtimes *r);
