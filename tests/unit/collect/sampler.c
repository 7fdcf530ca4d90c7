/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rates are possible. */
#include "unit/test.h"

#include "collect/sampler.h"

#include <string.h>

static void rates(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(sampler_check_rate(1, &err), 0);
	assert_int_not_equal(sampler_check_rate(0, &err), 0);
	assert_int_equal(err.exit_code, 2);
	assert_non_null(strstr(err.what, "at least 1"));
	err = (struct err){0};
	assert_int_not_equal(sampler_check_rate(1u << 31, &err), 0);
	assert_int_equal(err.exit_code, 2);
	assert_non_null(strstr(err.what, "-F 2147483648: this kernel samples at most"));
	assert_non_null(strstr(err.cure, "perf_event_max_sample_rate=2147483648"));
}

TESTS(T(rates))
