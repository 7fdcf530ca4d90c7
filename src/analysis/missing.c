/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where names are missing. */
#include "analysis/missing.h"

#include "base/mem.h"

static int most_first(const void *x, const void *y)
{
	const struct missing *a = x, *b = y;

	if (a->unnamed != b->unnamed)
		return a->unnamed < b->unnamed ? 1 : -1;
	return a->mapping < b->mapping ? -1 : a->mapping > b->mapping;
}

/* The first mapping of the same file, of every mapping (heap). */
static mapping_id *first_of_file(const struct profile *p)
{
	mapping_id *first = mem_array(p->n_mappings, sizeof(*first));
	struct map64 files auto_release(map64_release) = {0};

	for (mapping_id id = 0; id < p->n_mappings; id++) {
		const struct mapping *m = &p->mappings[id];
		uint64_t file = (uint64_t)m->filename << 32 | m->build_id, known = id;

		if (!map64_find(&files, file, &known))
			map64_set(&files, file, id);
		first[id] = (mapping_id)known;
	}
	return first;
}

struct missing *missing_names(const struct profile *p, size_t *ret_n, uint64_t *ret_frames)
{
	/* By mapping; the last one is of frames without. */
	struct missing *all = mem_array(p->n_mappings + 1, sizeof(*all));
	auto_free mapping_id *file = first_of_file(p);
	auto_free int64_t *weight = mem_array(p->stacks.n + 1, sizeof(*weight));
	size_t n = 0;

	for (size_t i = 0; i <= p->n_mappings; i++)
		all[i].mapping = i < p->n_mappings ? (mapping_id)i : NO_ID;
	profile_stack_weights(p, weight);
	*ret_frames = 0;
	stacks_each(&p->stacks, i)
	{
		const struct frame *f = &p->frames[stacks_item(&p->stacks, i)];
		struct missing *m = &all[f->mapping == NO_ID ? p->n_mappings : file[f->mapping]];

		if (f->kind == FRAME_NOTE)
			continue;
		*ret_frames += (uint64_t)weight[i];
		m->frames += (uint64_t)weight[i];
		m->unnamed += f->named ? 0 : (uint64_t)weight[i];
		m->is_generated |= f->kind == FRAME_JIT;
	}
	for (size_t i = 0; i <= p->n_mappings; i++)
		if (all[i].unnamed)
			all[n++] = all[i];
	qsort(all, n, sizeof(*all), most_first);
	*ret_n = n;
	return all;
}
