/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records come out in order of time, whatever came when, and none is lost when one has to wait. */
#include "unit/test.h"

#include <stdlib.h>

#include "base/mem.h"
#include "collect/queue.h"

enum { RECORDS = 3000 };

struct seen {
	uint64_t last_time, last_order, n;
	uint64_t most; /* that are taken before one has to wait */
};

static bool see(void *ctx, const struct queued *q)
{
	struct seen *s = ctx;

	if (!s->most)
		return false;
	s->most--;
	assert_true(q->time_ns > s->last_time ||
		    (q->time_ns == s->last_time && q->order > s->last_order) || !s->n);
	s->last_time = q->time_ns;
	s->last_order = q->order;
	s->n++;
	return true;
}

static void add(struct queue *q, uint64_t time_ns)
{
	queue_add(q, time_ns, mem_alloc(8), 8, false);
}

static void records_come_out_in_order(void **state)
{
	struct queue q = {0};
	struct seen seen = {0};
	uint32_t seed = 1;

	(void)state;
	/* All but the newest 100 are due; some come late, many at the same time. */
	for (uint64_t i = 0; i < RECORDS; i++) {
		seed = seed * 1664525 + 1013904223;
		add(&q, 100 + i - (seed >> 16) % 100);
		seen.most = i % 3 ? 0 : (seed >> 8) % 7;
		queue_until(&q, i, see, &seen);
		assert_int_equal(q.n + seen.n, i + 1);
		assert_int_equal(q.bytes, 8 * q.n);
	}
	seen.most = RECORDS;
	assert_true(queue_until(&q, UINT64_MAX, see, &seen));
	assert_int_equal(seen.n, RECORDS);
	queue_release(&q);
}

static void one_that_waits_is_asked_again(void **state)
{
	struct queue q = {0};
	struct seen seen = {.most = 1};

	(void)state;
	add(&q, 7);
	add(&q, 5);
	add(&q, 9);
	assert_false(queue_until(&q, 8, see, &seen));
	assert_int_equal(seen.last_time, 5);
	add(&q, 6);
	seen.most = 2;
	assert_true(queue_until(&q, 8, see, &seen));
	assert_int_equal(seen.last_time, 7);
	assert_int_equal(q.n, 1);
	queue_release(&q);
}

TESTS(T(records_come_out_in_order), T(one_that_waits_is_asked_again))
