/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many of a profile's frames have a name. */
#include "analysis/coverage.h"

#include "base/mem.h"

void coverage_count(const struct profile *p, struct account *a)
{
	auto_free int64_t *weight = mem_array(p->stacks.n, sizeof(*weight));

	a->frames = a->frames_named = 0;
	for (size_t i = 0; i < p->n_samples; i++)
		if (p->samples[i].stack != NO_ID)
			weight[p->samples[i].stack] += p->values[i * p->n_types];
	for (size_t i = p->stacks.n; i-- > 0;) {
		const struct stack_node *node = &p->stacks.nodes[i];
		const struct frame *f = &p->frames[node->item];

		if (node->parent != NO_ID)
			weight[node->parent] += weight[i];
		if (f->kind == FRAME_NOTE)
			continue;
		a->frames += (uint64_t)weight[i];
		a->frames_named += f->named ? (uint64_t)weight[i] : 0;
	}
}
