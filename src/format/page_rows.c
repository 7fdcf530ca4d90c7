/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The weights of a page's tree. */
#include "format/page_rows.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/sum.h"

#include <string.h>

static const enum group_by by[N_PAGE_GROUPS] = {
	[PAGE_PROCESS] = BY_PROCESS, [PAGE_THREAD] = BY_THREAD, [PAGE_CGROUP] = BY_CGROUP};

static bool row_equal(const void *ctx, uint32_t id, const void *key)
{
	const struct page_row *a = &((const struct page_rows *)ctx)->rows[id], *b = key;

	return a->node == b->node && a->block == b->block &&
	       memcmp(a->group, b->group, sizeof(a->group)) == 0;
}

/* Returns false when there are too many. */
static bool page_rows_add_row(struct page_rows *r, struct map *known, const struct page_row *row)
{
	uint64_t hash = hash_bytes(row, offsetof(struct page_row, weight));
	uint32_t id = map_find(known, hash, row_equal, r, row);

	if (id == NO_ID && r->n == PAGE_ROWS)
		return false;
	if (id == NO_ID) {
		array_reserve(r->rows, r->cap, r->n + 1);
		id = (uint32_t)r->n++;
		r->rows[id] = *row;
		map_add(known, hash, id);
	} else {
		sum_add(&r->rows[id].weight, row->weight);
	}
	return true;
}

static bool page_rows_add_rows(struct page_rows *r, const struct view *v, const struct tree *t)
{
	const struct profile *p = v->p;
	struct map known auto_release(map_release) = {0};

	r->n = 0;
	for (size_t i = 0; i < p->n_samples; i++) {
		struct page_row row;
		int64_t time_ns;

		if (v->origin_of[i] == NO_ID)
			continue;
		memset(&row, 0, sizeof(row));
		row.node = t->place[v->origin_of[i]];
		row.weight = p->values[i * p->n_types + v->value];
		for (int g = 0; g < N_PAGE_GROUPS; g++)
			row.group[g] = r->left_out[g]
					       ? NO_ID
					       : groups_find(&r->groups[g], p->samples[i].labels);
		if (r->timed && timeline_sample(&r->times, i, &time_ns))
			row.block = timeline_block(&r->times, time_ns);
		if (!page_rows_add_row(r, &known, &row))
			return false;
	}
	return true;
}

void page_rows_make(struct page_rows *r, const struct view *v, const struct tree *t, bool timed)
{
	static const enum page_group order[] = {PAGE_THREAD, PAGE_CGROUP, PAGE_PROCESS};
	uint32_t least_blocks = 64;
	size_t next = 0;

	*r = (struct page_rows){0};
	for (int g = 0; g < N_PAGE_GROUPS; g++)
		groups_init(&r->groups[g], v->p, by[g]);
	r->timed = timed && timeline_find(&r->times, v->p);
	while (!page_rows_add_rows(r, v, t)) {
		if (r->timed && timeline_blocks(&r->times) > least_blocks)
			r->times.block_ns *= 2;
		else if (next < ARRAY_SIZE(order))
			r->left_out[order[next++]] = true;
		else if (r->timed && least_blocks > 1)
			least_blocks = 1;
		else
			r->timed = false;
	}
}

void page_rows_release(struct page_rows *r)
{
	for (int g = 0; g < N_PAGE_GROUPS; g++)
		groups_release(&r->groups[g]);
	free(r->rows);
	*r = (struct page_rows){0};
}
