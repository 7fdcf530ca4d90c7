/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a server remembers: a journal of samples, and the profiles that its entries refer to.
 *
 * Shape: an era is a profile, from its first entry to that of the next era; the last one is filled
 *        by the recording that runs.
 * Units: times are CLOCK_MONOTONIC.
 * Owner: past_release().
 */
#pragma once

#include "collect/columns.h"
#include "collect/journal.h"
#include "collect/recording.h"
#include "profile/profile.h"

struct era {
	struct profile *p;
	uint64_t first; /* its first entry */
	uint64_t blocks_start_ns;
	struct columns columns; /* of the first event */
	uint32_t cpu_column;    /* CPU time, of that; NO_ID: it has none */
	string_id pid, cgroup;  /* keys of labels */
};

struct past {
	struct journal *journal;
	struct era *eras;
	size_t n_eras, cap_eras;
};

/* Frees it, but for the profile `kept` (or NULL), which is its recording's. */
void past_release(struct past *past, const struct profile *kept);
/* From now on entries refer to a profile that this recording fills. */
void past_begin_era(struct past *past, struct profile *p, const struct recording *r);
const struct era *past_era(const struct past *past, uint64_t entry);
/* When the block of an entry ends. */
uint64_t past_entry_end_ns(const struct past *past, uint64_t entry);
/* Since when samples are there, of a past that began at `started_ns`: what is older was forgotten.
 */
uint64_t past_begin_ns(const struct past *past, uint64_t started_ns);
/* Forgets the entries before that number, and the profiles that none refers to any more; of the
 * oldest profiles earlier, when together they have more than `most_bytes`. */
void past_forget(struct past *past, uint64_t before, uint64_t most_bytes);
/* Bytes of memory, about: of one profile, of all of them. */
uint64_t past_profile_bytes(const struct profile *p);
uint64_t past_profiles_bytes(const struct past *past);
