/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What fell into each block of time, of a view. */
#include "analysis/blocks.h"

#include "base/mem.h"
#include "base/sum.h"

int64_t *blocks_sums(const struct timeline *t, const struct view *v)
{
	int64_t *sums = mem_array(timeline_blocks(t), sizeof(*sums)), time_ns;
	const struct profile *p = t->p;

	for (size_t i = 0; i < p->n_samples; i++)
		if (v->origin_of[i] != NO_ID && timeline_sample(t, i, &time_ns))
			sum_add(&sums[timeline_block(t, time_ns)],
				p->values[i * p->n_types + v->value]);
	return sums;
}

unsigned blocks_shade(int64_t sum, int64_t most)
{
	return sum <= 0 || most <= 0 ? 0 : 1 + (unsigned)MIN((double)sum / (double)most * 4, 3.0);
}
