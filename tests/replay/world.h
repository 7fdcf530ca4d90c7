/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine that is played back from a log: what collect/kernel.h and perf's rings tell of, the
 * clock and /proc, in place of the real ones (the linker takes these).
 *
 * Shape: a log is a row of batches; a batch is what had arrived by a time. world_next() lets the
 * next one arrive and sets the clock; whoever then reads the ring, perf's rings or the counts gets
 * what lies there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* How batches arrive otherwise than they did. */
struct world_options {
	bool reversed; /* the records of a batch last first, as from CPUs that are read in another
			  order */
};

/* Reads a log; what is stored beside it is found there. */
void world_open(const char *path, const struct world_options *o);
void world_close(void);
/* Returns false at the end of the log. The counts were drained then; a second had gone by. */
bool world_next(bool *ret_drain, bool *ret_tick);
/* Has the log a record of that kind? */
bool world_has(const char *kind);
/* The process that the log is of. */
pid_t world_target(void);
/* Samples in all counts that were drained. */
uint64_t world_counted(void);
/* Samples taken by the kernel side, as of the last batch. */
uint64_t world_taken(void);
/* Was a stack captured some time ago, and the kernel side does not know the process's mappings yet?
 */
bool world_waits_for(pid_t pid);
/* How often a kernel side was loaded. */
unsigned world_loaded(void);
/* Captures so far, and those that were not answered yet. */
unsigned world_captures(void);
int world_unanswered(void);
