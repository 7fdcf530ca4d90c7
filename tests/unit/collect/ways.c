/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order in which ways of loading are tried, and what is remembered of it. */
#include "collect/ways.h"

#include "base/cache.h"
#include "unit/test.h"
#include "unit/folder.h"

#include <errno.h>

static int set_up(void **state)
{
	unsetenv("SUDO_UID");
	return folder_make(state) || setenv("XDG_CACHE_HOME", dir, 1);
}

/* Each way once, whatever the kernel has. */
static void each_once(void **state)
{
	const struct way *order[N_WAYS];
	size_t n = ways_in_order(true, order);

	assert_int_equal(n, N_WAYS);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			assert_ptr_not_equal(order[i], order[k]);
	assert_int_equal(ways_in_order(false, order), N_WAYS - 1);
	for (size_t i = 0; i < N_WAYS - 1; i++)
		assert_false(order[i]->arena);
}

/* The one that worked is known the next time, of that build and that use only. */
static void remembered(void **state)
{
	const struct way *order[N_WAYS];

	ways_in_order(true, order);
	assert_null(ways_remembered(7, true));
	ways_remember(7, true, order[3]);
	assert_ptr_equal(ways_remembered(7, true), order[3]);
	assert_null(ways_remembered(8, true));
	assert_null(ways_remembered(7, false));
	/* Another one after that. */
	ways_remember(7, true, order[1]);
	assert_ptr_equal(ways_remembered(7, true), order[1]);
}

/* What is no entry of ours says nothing. */
static void garbage(void **state)
{
	struct cache *cache = cache_new(NULL);
	char long_text[4096];

	memset(long_text, 'x', sizeof(long_text));
	cache_put(cache, "loading", "", 0);
	assert_null(ways_remembered(7, true));
	cache_put(cache, "loading", long_text, sizeof(long_text));
	assert_null(ways_remembered(7, true));
	cache_free(cache);
}

/* A machine without memory for a moment is no kernel without arenas. */
static void in_passing(void **state)
{
	assert_true(ways_failed_in_passing(-ENOMEM));
	assert_true(ways_failed_in_passing(-EMFILE));
	assert_false(ways_failed_in_passing(-EINVAL));
	assert_false(ways_failed_in_passing(-EACCES));
	assert_false(ways_failed_in_passing(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {T(each_once), T(remembered), T(garbage), T(in_passing)};

	return cmocka_run_group_tests(tests, set_up, folder_remove);
}
