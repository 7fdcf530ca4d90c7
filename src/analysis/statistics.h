/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How sure sampled figures are.
 *
 * Source: E. B. Wilson, "Probable inference" (1927), for shares; the normal approximation of a
 *         ratio of Poisson counts, its variance times the overdispersion; Y. Benjamini and
 *         Y. Hochberg, "Controlling the false discovery rate" (1995).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The 95 % interval of a share seen in `samples`; false when there are none or it is no share. */
bool share_interval(double share, uint64_t samples, double *ret_low, double *ret_high);

/* The two-sided p-value of a standard normal deviate. */
double normal_p(double z);

/* Adjusts p-values so that of those at most q, at most a share q are false discoveries. */
void adjust_p(double *p, size_t n);
