/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How sure sampled figures are. */
#include "analysis/statistics.h"

#include "base/mem.h"

#include <math.h>

#define Z_95 1.959963984540054

/* Events, below which the normal approximation will not do. */
enum { EXACT_BELOW = 200 };

bool share_interval(double share, uint64_t samples, double *ret_low, double *ret_high)
{
	double n = (double)samples, z2 = Z_95 * Z_95, middle, half;

	if (!samples || share < 0 || share > 1)
		return false;
	middle = (share + z2 / (2 * n)) / (1 + z2 / n);
	half = Z_95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n);
	*ret_low = MAX(middle - half, 0.0);
	*ret_high = MIN(middle + half, 1.0);
	return true;
}

double normal_p(double z)
{
	return erfc(fabs(z) / sqrt(2));
}

/* P(X <= k) of a binomial, by its terms from `k` down: they shrink fast beyond the mean. */
static double binomial_tail(double k, double n, double p)
{
	double sum = 0;

	for (double i = floor(k); i >= 0; i--) {
		double term = exp(lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1) + i * log(p) +
				  (n - i) * log1p(-p));

		sum += term;
		if (term < sum * 1e-12)
			break;
	}
	return MIN(sum, 1.0);
}

double same_share_p(const struct counted *a, const struct counted *b)
{
	/* Overdispersed counts tell as much as fewer independent ones. */
	double x = a->count / a->overdispersion, n = a->of / a->overdispersion;
	double y = b->count / b->overdispersion, m = b->of / b->overdispersion;
	double share = (x + y) / (n + m), part = n / (n + m), deviation;

	/* Files of others may hold counts below zero, and sums that are no counts. */
	if (!(n > 0 && m > 0 && x >= 0 && y >= 0 && x <= n && y <= m && x + y > 0 && share < 1))
		return 1;
	if (x + y < EXACT_BELOW) {
		double few = floor(x + 0.5), all = floor(x + y + 0.5);
		double low = binomial_tail(few, all, part);
		double high = binomial_tail(all - few, all, 1 - part);

		return MIN(2 * MIN(low, high), 1.0);
	}
	deviation = sqrt(share * (1 - share) * (1 / n + 1 / m));
	return normal_p((x / n - y / m) / deviation);
}

void difference_interval(const struct counted *a, const struct counted *b, double *ret_low,
			 double *ret_high)
{
	double p = a->of > 0 ? a->count / a->of : 0, q = b->of > 0 ? b->count / b->of : 0;
	/* A count of 0 is no certainty. */
	double variance =
		(a->of > 0 ? MAX(p * (1 - p), 1 / a->of) * a->overdispersion / a->of : 0) +
		(b->of > 0 ? MAX(q * (1 - q), 1 / b->of) * b->overdispersion / b->of : 0);

	*ret_low = p - q - Z_95 * sqrt(variance);
	*ret_high = p - q + Z_95 * sqrt(variance);
}

double overdispersion_of(const double *counts, const double *totals, size_t n)
{
	double sum = 0, whole = 0, squares = 0, last = 0;
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		sum += counts[i];
		whole += totals[i];
	}
	for (size_t i = 0; i < n && sum > 0 && whole > 0; i++) {
		double expected = totals[i] * sum / whole, deviation;

		if (expected <= 0)
			continue;
		deviation = (counts[i] - expected) / sqrt(expected);
		squares += used++ ? (deviation - last) * (deviation - last) : 0;
		last = deviation;
	}
	/* Shares near 1 vary less than counts do. */
	return used > 1 && sum < whole
		       ? MAX(squares / 2 / (double)(used - 1) / (1 - sum / whole), 1.0)
		       : 1;
}

static int statistics_smallest_first(const void *x, const void *y, void *values)
{
	const double *p = values;
	double a = p[*(const size_t *)x], b = p[*(const size_t *)y];

	return a < b ? -1 : a > b;
}

void adjust_p(double *p, size_t n)
{
	auto_free size_t *order = mem_array(n, sizeof(*order));
	double least = 1;

	for (size_t i = 0; i < n; i++)
		order[i] = i;
	if (n)
		qsort_r(order, n, sizeof(*order), statistics_smallest_first, p);
	for (size_t rank = n; rank-- > 0;) {
		least = MIN(least, p[order[rank]] * (double)n / (double)(rank + 1));
		p[order[rank]] = least;
	}
}
