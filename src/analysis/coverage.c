/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many of a profile's frames have a name. */
#include "analysis/coverage.h"

#include "base/mem.h"

/* Of stacks whose weights have their callees' in them. */
static void add_up(const struct profile *p, const int64_t *weight, struct account *a)
{
	stacks_each(&p->stacks, i)
	{
		const struct frame *f = &p->frames[stacks_item(&p->stacks, i)];

		if (f->kind == FRAME_NOTE)
			continue;
		a->frames += (uint64_t)weight[i];
		a->frames_named += f->named ? (uint64_t)weight[i] : 0;
	}
}

void coverage_add(const struct profile *p, int64_t *weight, struct account *a)
{
	stacks_sum_up(&p->stacks, weight);
	add_up(p, weight, a);
}

void coverage_count(const struct profile *p, struct account *a)
{
	auto_free int64_t *weight = mem_array(p->stacks.n, sizeof(*weight));

	a->frames = a->frames_named = 0;
	profile_stack_weights(p, weight);
	add_up(p, weight, a);
}
