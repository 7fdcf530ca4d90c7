/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When samples fell. */
#include "analysis/timeline.h"

static const struct label *time_label(const struct profile *p, size_t sample, string_id key)
{
	const struct label *l =
		key == NO_ID ? NULL : profile_label(p, p->samples[sample].labels, key);

	return l && !l->text ? l : NULL;
}

bool timeline_has(const struct profile *p)
{
	string_id key = strings_find(&p->strings, TIMELINE_KEY);

	for (size_t i = 0; key != NO_ID && i < p->n_samples; i++)
		if (time_label(p, i, key))
			return true;
	return false;
}

bool timeline_sample(const struct profile *p, size_t sample, int64_t *ret_ns)
{
	const struct label *l = time_label(p, sample, strings_find(&p->strings, TIMELINE_KEY));

	if (l)
		*ret_ns = l->number;
	return l;
}
