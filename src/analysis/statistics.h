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

/*
 * How likely counts at least so far apart are, if both samplings see the same share: `a` of `n` and
 * `b` of `m`, each with its overdispersion (at least 1). Exact (binomial, given their sum) where
 * they are few.
 */
struct counted {
	double count, of, overdispersion;
};
double same_share_p(const struct counted *a, const struct counted *b);
/* The 95 % interval of the difference of the shares, a's less b's. */
void difference_interval(const struct counted *a, const struct counted *b, double *ret_low,
			 double *ret_high);

/* Variance over mean of counts that `n` blocks of time have, given the blocks' totals: at least 1.
 * Of neighbours' differences (J. von Neumann, 1941), so that phases of a program, which every run
 * has, do not count as chance. */
double overdispersion_of(const double *counts, const double *totals, size_t n);

/* The two-sided p-value of a standard normal deviate. */
double normal_p(double z);

/* Adjusts p-values so that of those at most q, at most a share q are false discoveries. */
void adjust_p(double *p, size_t n);
