/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order in which ways of loading are tried, and what is remembered of it. */
#include "collect/ways.h"

#include "base/cache.h"
#include "unit/test.h"
#include "unit/folder.h"

static int set_up(void **state)
{
	unsetenv("SUDO_UID");
	return folder_make(state) || setenv("XDG_CACHE_HOME", dir, 1);
}

/* Each way once, whatever the kernel has. */
static void each_once(void **state)
{
	const struct way *order[N_WAYS];
	size_t n = ways_in_order(1, true, order);

	assert_int_equal(n, N_WAYS);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			assert_ptr_not_equal(order[i], order[k]);
	assert_int_equal(ways_in_order(1, false, order), N_WAYS - 1);
	for (size_t i = 0; i < N_WAYS - 1; i++)
		assert_false(order[i]->arena);
}

/* The one that worked comes first the next time, of that build and that use only. */
static void remembered_first(void **state)
{
	const struct way *order[N_WAYS], *first[N_WAYS];

	ways_in_order(7, true, first);
	ways_remember(7, true, first[3]);
	assert_int_equal(ways_in_order(7, true, order), N_WAYS);
	assert_ptr_equal(order[0], first[3]);
	ways_in_order(8, true, order);
	assert_ptr_equal(order[0], first[0]);
	ways_in_order(7, false, order);
	assert_ptr_not_equal(order[0], first[3]);
	/* Another one after that. */
	ways_remember(7, true, first[1]);
	ways_in_order(7, true, order);
	assert_ptr_equal(order[0], first[1]);
}

/* What is no entry of ours changes nothing. */
static void garbage(void **state)
{
	const struct way *order[N_WAYS], *first[N_WAYS];
	struct cache *cache = cache_new(NULL);
	char long_text[4096];

	memset(long_text, 'x', sizeof(long_text));
	cache_put(cache, "loading", "", 0);
	ways_in_order(9, true, first);
	cache_put(cache, "loading", long_text, sizeof(long_text));
	assert_int_equal(ways_in_order(9, true, order), N_WAYS);
	assert_memory_equal(order, first, sizeof(order));
	cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {T(each_once), T(remembered_first), T(garbage)};

	return cmocka_run_group_tests(tests, set_up, folder_remove);
}
