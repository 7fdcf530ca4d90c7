/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When samples fell. */
#include "analysis/timeline.h"

#include "base/mem.h"
#include "base/sort.h"
#include "base/sum.h"

/* Foreign files may have a time for each sample; more blocks than this are of no use. */
enum { MAX_BLOCKS = 1 << 20 };

/* Times beyond are no times; sums of those below do not overflow. */
#define MAX_TIME_NS (INT64_MAX / 4)

static const struct label *time_label(const struct timeline *t, size_t sample)
{
	const struct label *l =
		t->key == NO_ID ? NULL : profile_label(t->p, t->p->samples[sample].labels, t->key);

	return l && !l->text && l->number > 0 && l->number < MAX_TIME_NS ? l : NULL;
}

bool timeline_sample(const struct timeline *t, size_t sample, int64_t *ret_ns)
{
	const struct label *l = time_label(t, sample);

	if (l)
		*ret_ns = l->number;
	return l;
}

bool timeline_find(struct timeline *t, const struct profile *p)
{
	auto_free uint64_t *times = NULL;
	size_t n = 0;
	int64_t block = INT64_MAX;

	*t = (struct timeline){.p = p, .key = strings_find(&p->strings, TIMELINE_KEY)};
	if (t->key == NO_ID)
		return false;
	times = mem_array(p->n_samples, sizeof(*times));
	for (size_t i = 0; i < p->n_samples; i++) {
		const struct label *l = time_label(t, i);

		if (l)
			times[n++] = (uint64_t)l->number;
	}
	if (!n) {
		t->key = NO_ID;
		return false;
	}
	qsort(times, n, sizeof(*times), compare_u64);
	for (size_t i = 1; i < n; i++)
		if (times[i] > times[i - 1])
			block = MIN(block, (int64_t)(times[i] - times[i - 1]));
	t->end_ns = (int64_t)times[n - 1];
	block = block == INT64_MAX ? 1000000 : MAX(block, 1);
	block = MAX(block, (int64_t)(times[n - 1] - times[0]) / MAX_BLOCKS + 1);
	t->block_ns = block;
	t->start_ns = (int64_t)times[0] - block;
	return true;
}

int timeline_require(struct timeline *t, const struct profile *p, struct err *err)
{
	if (timeline_find(t, p))
		return 0;
	err_set(err, 0, "the profile does not say when its samples fell");
	return err_cure(err, "record it with --timeline");
}
