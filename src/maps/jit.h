/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that a process generated: what its perf map and its jitdump file tell of them.
 *
 * Shape: one a process. Functions come and go at the same addresses: the last one told of before a
 *        time is the one. A perf map carries no time, so it is to be asked when a stack arrives.
 * Trust: the files are the process's own and hostile; one that its user may not read, that belongs
 *        to another user than that or root, or is older than the process, is not taken; nor one of
 *        a file system that others answer for. Sizes are bounded, and how much is read at a time.
 * Owner: jit_free().
 * Threads: one a struct.
 * Source: tools/perf/Documentation/jit-interface.txt and jitdump-specification.txt of Linux.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "maps/code_map.h"

struct jit;

/* `budget` (NULL: none) outlives it. */
struct jit *jit_new(pid_t pid, struct code_budget *budget);
void jit_free(struct jit *j);
/* Names a jitdump file that the process has mapped at [start, end). */
void jit_set_dump(struct jit *j, const char *path, uint64_t start, uint64_t end);
bool jit_has_dump(const struct jit *j);

/* The function that held the address at that time (CLOCK_MONOTONIC nanoseconds). */
bool jit_find(struct jit *j, uint64_t address, uint64_t time_ns, struct code_place *ret);
/* Reads at the next call what was written meanwhile, however short a while it was. */
void jit_look_again(struct jit *j);
/* The same from its beginning: it was written anew. */
void jit_read_anew(struct jit *j);
pid_t jit_pid(const struct jit *j);

/* -- for the readers of files, and for tests -- */

struct jit *jit_empty(void);
/* The functions that it knows. */
struct code_map *jit_code(struct jit *j);
/* Lines of a perf map: "START SIZE name". Returns the bytes of whole lines. */
size_t jit_parse_map(struct jit *j, const char *text, size_t len);
