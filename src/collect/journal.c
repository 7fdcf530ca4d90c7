/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samples in the order in which they came in. */
#include "collect/journal.h"

#include "base/mem.h"

#include <string.h>

enum { LEAST = 1024 };

struct journal {
	struct journal_entry *ring;
	size_t cap, most; /* cap: a power of two */
	uint64_t first, end;
};

struct journal *journal_new(size_t most)
{
	struct journal *j = mem_alloc(sizeof(*j));

	j->most = MAX(most, (size_t)LEAST);
	return j;
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	free(j->ring);
	free(j);
}

static void grow(struct journal *j)
{
	size_t cap = j->cap ? 2 * j->cap : LEAST;
	struct journal_entry *ring = mem_array(cap, sizeof(*ring));

	for (uint64_t i = j->first; i < j->end; i++)
		ring[i & (cap - 1)] = j->ring[i & (j->cap - 1)];
	free(j->ring);
	j->ring = ring;
	j->cap = cap;
}

void journal_add(struct journal *j, const struct journal_entry *e)
{
	if (j->end - j->first == j->most)
		j->first++;
	if (j->end - j->first == j->cap)
		grow(j);
	j->ring[j->end++ & (j->cap - 1)] = *e;
}

uint64_t journal_first(const struct journal *j)
{
	return j->first;
}

uint64_t journal_end(const struct journal *j)
{
	return j->end;
}

const struct journal_entry *journal_at(const struct journal *j, uint64_t at)
{
	return &j->ring[at & (j->cap - 1)];
}

void journal_forget(struct journal *j, uint64_t before)
{
	j->first = MIN(MAX(j->first, before), j->end);
}

size_t journal_bytes(const struct journal *j)
{
	return j->cap * sizeof(*j->ring);
}
