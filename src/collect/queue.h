/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of all kinds, in order of time: they come by different ways, and out of order.
 *
 * Units: times are CLOCK_MONOTONIC.
 * Owner: queue_release(), and of the records the queue. All zeroes is an empty one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One record waiting for its turn. */
struct queued {
	uint64_t time_ns;
	uint64_t order; /* of arrival, among equal times */
	void *record;
	size_t bytes;
	bool is_side; /* a side_record; else one of the kernel side's */
};

struct queue {
	struct queued *all;
	size_t n, cap;
	size_t n_sorted; /* the first ones */
	uint64_t order, bytes;
};

/* Works off a record; false when it has to wait, and what is behind it too. */
typedef bool queue_visit(void *ctx, const struct queued *q);

void queue_release(struct queue *q);
/* Consumes `record`. */
void queue_add(struct queue *q, uint64_t time_ns, void *record, size_t bytes, bool is_side);
/* Visits what is due up to that time, and forgets it. Returns false when one has to wait. */
bool queue_until(struct queue *q, uint64_t time_ns, queue_visit *visit, void *ctx);
