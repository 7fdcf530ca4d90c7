/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a server remembers. */
#include "live/past.h"

#include "base/clock.h"
#include "base/mem.h"

#include <string.h>

static void profile_free(struct profile *p)
{
	profile_release(p);
	free(p);
}

void past_release(struct past *past, const struct profile *kept)
{
	for (size_t i = 0; i < past->n_eras; i++)
		if (past->eras[i].p != kept)
			profile_free(past->eras[i].p);
	free(past->eras);
	journal_free(past->journal);
	*past = (struct past){0};
}

void past_begin_era(struct past *past, struct profile *p, const struct recording *r)
{
	const struct event *first = recording_events(r);
	struct era *e;

	array_reserve(past->eras, past->cap_eras, past->n_eras + 1);
	e = &past->eras[past->n_eras++];
	*e = (struct era){
		.p = p,
		.first = journal_end(past->journal),
		.blocks_start_ns = recording_blocks_start_ns(r),
		.pid = strings_add(&p->strings, "pid"),
		.cgroup = strings_add(&p->strings, "cgroup"),
	};
	e->columns = *recording_columns(r, 0);
	e->cpu_column = first->value == EVENT_CLOCK || first->value == EVENT_CYCLES
				? columns_time(&e->columns, p)
				: NO_ID;
}

const struct era *past_era(const struct past *past, uint64_t entry)
{
	size_t i = past->n_eras - 1;

	while (i && entry < past->eras[i].first)
		i--;
	return &past->eras[i];
}

uint64_t past_entry_end_ns(const struct past *past, uint64_t entry)
{
	return past_era(past, entry)->blocks_start_ns +
	       (journal_at(past->journal, entry)->block + 1ull) * JOURNAL_BLOCK_NS;
}

uint64_t past_begin_ns(const struct past *past, uint64_t started_ns)
{
	uint64_t first = journal_first(past->journal);

	if (!first)
		return started_ns;
	if (first == journal_end(past->journal))
		return monotonic_ns();
	return past_entry_end_ns(past, first) - JOURNAL_BLOCK_NS;
}

void past_forget(struct past *past, uint64_t before, uint64_t most_bytes)
{
	size_t gone = 0;

	journal_forget(past->journal, before);
	if (past->n_eras > 1 && past_profiles_bytes(past) > most_bytes)
		journal_forget(past->journal, past->eras[1].first);
	while (gone + 1 < past->n_eras &&
	       past->eras[gone + 1].first <= journal_first(past->journal))
		profile_free(past->eras[gone++].p);
	memmove(past->eras, past->eras + gone, (past->n_eras - gone) * sizeof(*past->eras));
	past->n_eras -= gone;
}

uint64_t past_profile_bytes(const struct profile *p)
{
	return p->strings.n * 64 + p->n_frames * (sizeof(struct frame) + 16) + p->stacks.n * 8 +
	       p->n_labels * sizeof(struct label) + p->n_label_sets * 24;
}

uint64_t past_profiles_bytes(const struct past *past)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < past->n_eras; i++)
		bytes += past_profile_bytes(past->eras[i].p);
	return bytes;
}
