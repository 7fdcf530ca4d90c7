/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When samples fell: blocks of time, of the label TIMELINE_KEY.
 *
 * Units: nanoseconds since 1970; a sample's time is the end of its block.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "profile/profile.h"

struct timeline {
	const struct profile *p;
	string_id key;    /* NO_ID: no sample says when it fell */
	int64_t start_ns; /* of the first block */
	int64_t end_ns;   /* of the last */
	int64_t block_ns; /* the smallest distance between two times */
};

/* False when no sample says when it fell. */
bool timeline_find(struct timeline *t, const struct profile *p);
/* The same, as an error with its cure. */
int timeline_require(struct timeline *t, const struct profile *p, struct err *err);
/* The time of a sample; false when it has none. */
bool timeline_sample(const struct timeline *t, size_t sample, int64_t *ret_ns);
/* The block that a time lies in, from 0. */
static inline uint32_t timeline_block(const struct timeline *t, int64_t time_ns)
{
	return (uint32_t)((time_ns - 1 - t->start_ns) / t->block_ns);
}
static inline uint32_t timeline_blocks(const struct timeline *t)
{
	return (uint32_t)((t->end_ns - t->start_ns + t->block_ns - 1) / t->block_ns);
}
