/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How sure sampled figures are. */
#include "analysis/statistics.h"

#include "base/mem.h"

#include <math.h>

#define Z_95 1.959963984540054

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

static int smallest_first(const void *x, const void *y, void *values)
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
		qsort_r(order, n, sizeof(*order), smallest_first, p);
	for (size_t rank = n; rank-- > 0;) {
		least = MIN(least, p[order[rank]] * (double)n / (double)(rank + 1));
		p[order[rank]] = least;
	}
}
