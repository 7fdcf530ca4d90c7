/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders for qsort() and bsearch(). */
#pragma once

#include <stdint.h>

/* uint64_t, rising. */
static inline int compare_u64(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

	return a < b ? -1 : a > b;
}
