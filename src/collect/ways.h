/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the sampling programs are loaded: each way asks less of the kernel than the one before.
 *
 * What the kernel takes is found by trying, never by its version. The way that worked is remembered
 * in the cache for this kernel and this cprof, since a refusal may cost seconds on a slow machine;
 * it is then tried first, and nothing else is believed of it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct way {
	const char *name;
	bool arena;       /* 6.9; else an array holds the unwind tables */
	bool preallocate; /* before 6.1 sampling programs may only use such maps */
	bool small;       /* before 6.1 the value of an array has at most 4 MB */
	bool old;         /* before 5.13: the object without callbacks */
};

enum { N_WAYS = 4 };

/* The way that worked before, or NULL. `build` tells this cprof's programs from another's. */
const struct way *ways_remembered(uint64_t build, bool by_tables);
/* Writes the ways in the order in which they should be tried, the likeliest first, as far as small
 * questions to the kernel tell. Without tables there is nothing for an arena to hold, and that way
 * is left out. Returns how many there are. */
size_t ways_in_order(bool by_tables, const struct way *ret[N_WAYS]);
/* To be called when a way worked that was not remembered, and no better one failed in passing. */
void ways_remember(uint64_t build, bool by_tables, const struct way *way);
/* May what failed with this code work the next time, on this very kernel? */
bool ways_failed_in_passing(int code);
