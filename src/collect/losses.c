/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel side's counters in the account's words. */
#include "collect/losses.h"

void losses_of_kernel(const struct stats *stats, struct account *a)
{
	static const char *const texts[] = {
#define DROP(id, text) text,
#include "abi/drops.def"
#undef DROP
	};
	static const char *const ends[] = {
#define WALK_END(id, text) text,
#include "abi/walk_ends.def"
#undef WALK_END
	};

	for (int i = 0; i < N_WALK_ENDS; i++)
		account_add(&a->unwind_ends, ends[i], stats->ends[i]);
	account_sort(&a->unwind_ends);
	for (int i = 0; i < N_DROPS; i++) {
		a->lost += stats->drops[i];
		account_add(&a->lost_by_reason, texts[i], stats->drops[i]);
	}
}
