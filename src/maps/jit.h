/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that a process generated: what its perf map and its jitdump file tell of them.
 *
 * Shape: one a process. Functions come and go at the same addresses: the last one told of before a
 *        time is the one. A perf map carries no time, so it is to be asked when a stack arrives.
 * Trust: the files are the process's own and hostile; one that belongs to another user, or is older
 *        than the process, is not taken. Sizes are bounded.
 * Owner: jit_free(). Threads: one a struct.
 * Source: tools/perf/Documentation/jit-interface.txt and jitdump-specification.txt of Linux.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct jit;

struct jit *jit_new(pid_t pid);
void jit_free(struct jit *j);
/* Names a jitdump file that the process has mapped at [start, end). */
void jit_set_dump(struct jit *j, const char *path, uint64_t start, uint64_t end);
bool jit_has_dump(const struct jit *j);

struct jit_function {
	const char *name; /* until the next call */
	const char *file; /* NULL: unknown */
	uint32_t line;
	uint64_t start;
};
/* The function that held the address at that time (CLOCK_MONOTONIC nanoseconds). */
bool jit_find(struct jit *j, uint64_t address, uint64_t time_ns, struct jit_function *ret);
/* Reads at the next call what was written meanwhile, however short a while it was. */
void jit_look_again(struct jit *j);
/* The same from its beginning: it was written anew. */
void jit_read_anew(struct jit *j);
pid_t jit_pid(const struct jit *j);

/* -- for the readers of files, and for tests -- */

struct jit *jit_empty(void);
/* Adds a function; lines added since the last one are its. */
void jit_add(struct jit *j, uint64_t start, uint64_t bytes, const char *name, size_t len,
	     uint64_t time_ns);
void jit_add_line(struct jit *j, uint64_t address, uint32_t line, const char *file, size_t len);
/* The same function at another place. */
void jit_move(struct jit *j, uint64_t from, uint64_t to, uint64_t bytes, uint64_t time_ns);
/* Times that come are of another clock. */
void jit_ignore_times(struct jit *j, bool ignore);
/* Lines of a perf map: "START SIZE name". Returns the bytes of whole lines. */
size_t jit_parse_map(struct jit *j, const char *text, size_t len);
/* Records of a jitdump file. Returns the bytes of whole records, 0 for a damaged file. `header`: it
 * begins with the file's header. */
size_t jit_parse_dump(struct jit *j, const uint8_t *data, size_t len, bool header);
