/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions by address and time: code that was generated.
 *
 * Shape: functions come and go at the same addresses; the last one told of before a time is the
 *        one.
 * Units: times are CLOCK_MONOTONIC nanoseconds.
 * Owner: code_map_release(). All zeroes is one without functions.
 * Threads: one a struct.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum { MAX_FUNCTIONS = 4 << 20 };

struct code_function;
struct code_line;

/*
 * What all maps together may take: of memory, and of time (as bytes of files that are read). One
 * map takes at most a quarter.
 */
struct code_budget {
	size_t max_bytes, bytes;
	uint64_t read, read_ns; /* bytes that were read and not yet forgotten, as of then */
	uint64_t n_full;        /* maps of which not all was taken */
};

struct code_map {
	struct code_budget *budget; /* NULL: none */
	size_t beside;              /* bytes that are kept beside it, for what is to be added */
	size_t counted;             /* bytes of it that are ours */
	bool full;                  /* some were not taken for want of it */
	bool ignore_times;
	struct str names;
	struct code_function *functions; /* in the order of coming */
	size_t n, cap;
	struct code_line *lines;
	size_t n_lines, cap_lines, first_line;
	/* The newest of the first n_flat functions by address: segments to the next one. */
	size_t n_flat;
	uint64_t *address;
	uint32_t *owner;
	size_t n_segments;
};

/* Where an address is. */
struct code_place {
	const char *name; /* until something is added */
	const char *file; /* NULL: unknown */
	uint32_t line;
	uint64_t start; /* of the function */
};

void code_map_release(struct code_map *c);
/* Adds a function; lines added since the last one are its. */
void code_map_add(struct code_map *c, uint64_t start, uint64_t bytes, const char *name, size_t len,
		  uint64_t time_ns);
void code_map_add_line(struct code_map *c, uint64_t address, uint32_t line, const char *file,
		       size_t len);
/* The same function at another place. */
void code_map_move(struct code_map *c, uint64_t from, uint64_t to, uint64_t bytes,
		   uint64_t time_ns);
/* Times that come are of another clock. */
void code_map_ignore_times(struct code_map *c, bool ignore);
/* Counts what is kept beside it. */
void code_map_count(struct code_map *c, size_t bytes);
/* Does it take no more? */
bool code_map_is_full(const struct code_map *c);
/* Sorts what was added, when that is worth it. */
void code_map_settle(struct code_map *c);
/* The function that held the address at that time; false: none did. */
bool code_map_find(const struct code_map *c, uint64_t address, uint64_t time_ns,
		   struct code_place *ret);
