/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders for qsort() and bsearch(), and the search in what is in order. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* uint64_t, rising. */
static inline int compare_u64(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

	return a < b ? -1 : a > b;
}

/* How many of `n` elements in order are `before`: an expression of their index `i` that holds for
 * the first ones, and from the first for which it does not for none. */
#define count_before(n, i, before)                                                                 \
	({                                                                                         \
		size_t lo_ = 0, hi_ = (n);                                                         \
		while (lo_ < hi_) {                                                                \
			size_t i = lo_ + (hi_ - lo_) / 2;                                          \
			if (before)                                                                \
				lo_ = i + 1;                                                       \
			else                                                                       \
				hi_ = i;                                                           \
		}                                                                                  \
		lo_;                                                                               \
	})
