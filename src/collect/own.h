/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sampling where the kernel refuses our programs: perf's own samples of chosen processes (without
 * privileges, our own), unwound here.
 *
 * Each sample brings its registers and a piece of stack, and becomes a capture
 * (collect/captures.h). Shape: one event for every thread and CPU, inherited by what the threads
 * start; one ring for each CPU. Units: times are CLOCK_MONOTONIC. Owner: own_free().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "collect/events.h"
#include "collect/kernel.h"
#include "collect/side_record.h"
#include "proc/procfs.h"

struct own_options {
	struct event *events; /* `cpu` is changed to the clock where there is no PMU */
	size_t n_events;
	uint64_t frequency_hz, period;
	const struct cpu_list *cpus;
	uint64_t block_ns, block_start_ns; /* of time, as in struct identity_options */
	bool no_kernel;
};

struct own;

struct own *own_new(const struct own_options *o);
void own_free(struct own *own);
/* Of stack that each sample brings at this rate (0: by a period). */
unsigned own_stack_bytes(uint64_t frequency_hz);
/* Samples a process with all its threads, or one thread. A held command from its exec on. */
int own_add_process(struct own *own, pid_t pid, struct err *err);
int own_add_thread(struct own *own, pid_t tid, struct err *err);
int own_add_command(struct own *own, pid_t pid, struct err *err);
void own_start(struct own *own);
void own_stop(struct own *own);
void own_poll(const struct own *own, int epoll_fd);
/* Calls back for every capture, kernel stack and sideband record that has arrived. The captures are
 * whole. */
void own_read(struct own *own, stack_visit *visit, side_visit *side, void *ctx);
/* Samples that have not been read yet; those up to a time, whose stacks were visited under the ids
 * that they are counted by, read and forgotten. */
size_t own_counts_used(const struct own *own);
void own_read_counts(struct own *own, uint64_t until_ns, count_visit *visit, void *ctx);
/* Is anything of what was added, or came of it, still alive? */
bool own_alive(const struct own *own);
/* Does it see the kernel's part? */
bool own_has_kernel(const struct own *own);
/* Samples for which the rings had no room, as far as can be told: records. */
uint64_t own_lost(const struct own *own);
