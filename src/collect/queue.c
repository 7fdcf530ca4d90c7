/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records in order of time. */
#include "collect/queue.h"

#include "base/mem.h"

#include <string.h>

void queue_release(struct queue *q)
{
	for (size_t i = 0; i < q->n; i++)
		free(q->all[i].record);
	free(q->all);
	*q = (struct queue){0};
}

void queue_add(struct queue *q, uint64_t time_ns, void *record, size_t bytes, bool is_side)
{
	array_reserve(q->all, q->cap, q->n + 1);
	q->all[q->n++] = (struct queued){time_ns, q->order++, record, bytes, is_side};
	q->bytes += bytes;
}

static int by_time(const void *a, const void *b)
{
	const struct queued *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* Puts those that were added since the last time among the others. */
static void sort_added(struct queue *q)
{
	size_t old = q->n_sorted, added = q->n - old, bytes = added * sizeof(*q->all);
	auto_free struct queued *new = added ? mem_dup(q->all + old, bytes) : NULL;

	if (added)
		qsort(new, added, sizeof(*new), by_time);
	for (size_t to = q->n; added;)
		q->all[--to] = old && by_time(&q->all[old - 1], &new[added - 1]) > 0 ? q->all[--old]
										     : new[--added];
	q->n_sorted = q->n;
}

bool queue_until(struct queue *q, uint64_t time_ns, queue_visit *visit, void *ctx)
{
	bool waits = false;
	size_t done = 0;

	sort_added(q);
	while (done < q->n && q->all[done].time_ns <= time_ns) {
		waits = !visit(ctx, &q->all[done]);
		if (waits)
			break;
		q->bytes -= q->all[done].bytes;
		free(q->all[done++].record);
	}
	if (done)
		memmove(q->all, q->all + done, (q->n - done) * sizeof(*q->all));
	q->n -= done;
	q->n_sorted = q->n;
	return !waits;
}
