/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums of values from files of anyone's making: one that grows too large stays at the limit. */
#pragma once

#include <math.h>
#include <stdint.h>

static inline void sum_add(int64_t *sum, int64_t value)
{
	if (__builtin_add_overflow(*sum, value, sum))
		*sum = value < 0 ? INT64_MIN : INT64_MAX;
}

/* The nearest whole number, or the limit. */
static inline int64_t sum_rounded(double value)
{
	return (int64_t)llround(fmax(fmin(value, 9e18), -9e18));
}
