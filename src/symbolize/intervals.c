/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address ranges that may overlap. */
#include "symbolize/intervals.h"

#include "base/mem.h"
#include "base/sort.h"

void intervals_release(struct intervals *is)
{
	free(is->all);
	*is = (struct intervals){0};
}

void intervals_add(struct intervals *is, uint64_t lo, uint64_t hi, uint32_t id)
{
	array_reserve(is->all, is->cap, is->n + 1);
	is->all[is->n++] = (struct interval){lo, hi, 0, id};
}

static int by_start(const void *x, const void *y)
{
	const struct interval *a = x, *b = y;

	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

void intervals_sort(struct intervals *is)
{
	uint64_t reach = 0;

	if (is->n)
		qsort(is->all, is->n, sizeof(*is->all), by_start);
	for (size_t i = 0; i < is->n; i++)
		is->all[i].reach = reach = MAX(reach, is->all[i].hi);
}

const struct interval *intervals_next(const struct intervals *is, uint64_t address, size_t *cursor)
{
	size_t i = *cursor;

	if (i == SIZE_MAX)
		i = count_before(is->n, k, is->all[k].lo <= address);
	while (i-- > 0 && is->all[i].reach > address) {
		if (is->all[i].hi <= address)
			continue;
		*cursor = i;
		return &is->all[i];
	}
	*cursor = 0;
	return NULL;
}
