/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hash tables against a plain array, through growth and deletion. */
#include "unit/test.h"

#include "base/map.h"

enum { N = 5000 };

static bool equal(const void *ctx, uint32_t id, const void *key)
{
	return ((const uint64_t *)ctx)[id] == *(const uint64_t *)key;
}

static void finds_what_was_added(void **state)
{
	uint64_t keys[N];
	struct map m = {0};

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		keys[i] = (uint64_t)i * 0x9e3779b97f4a7c15ull;
		map_add(&m, keys[i], i);
	}
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(map_find(&m, keys[i], equal, keys, &keys[i]), i);
	uint64_t absent = 1;
	assert_int_equal(map_find(&m, absent, equal, keys, &absent), NO_ID);
	map_release(&m);
}

static void tells_equal_hashes_apart(void **state)
{
	uint64_t keys[] = {10, 20, 30};
	struct map m = {0};

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		map_add(&m, 7ull << 32, i);
	assert_int_equal(map_find(&m, 7ull << 32, equal, keys, &keys[2]), 2);
	map_release(&m);
}

/* Deletion moves entries; every survivor must still be found, at every step. */
static void deletes_without_losing_others(void **state)
{
	struct map64 m = {0};
	uint64_t value, key;
	size_t cursor = 0, left = 0;

	(void)state;
	for (uint64_t i = 0; i < N; i++)
		map64_set(&m, i * 3, i);
	for (uint64_t i = 0; i < N; i += 2)
		assert_true(map64_delete(&m, i * 3));
	assert_false(map64_delete(&m, 0));
	for (uint64_t i = 0; i < N; i++) {
		assert_int_equal(map64_find(&m, i * 3, &value), i % 2);
		if (i % 2)
			assert_int_equal(value, i);
	}
	while (map64_next(&m, &cursor, &key, &value))
		left++;
	assert_int_equal(left, N / 2);
	assert_int_equal(m.used, N / 2);
	map64_release(&m);
}

/* compact() of collect/resolved.c sets values while it iterates: at every fill, nothing may move.
 */
static void setting_values_while_iterating(void **state)
{
	(void)state;
	for (uint64_t n = 1; n < 400; n++) {
		for (uint64_t step = 1; step < 20; step++) {
			struct map64 m = {0};
			uint64_t key, value, seen = 0;

			for (uint64_t i = 0; i < n; i++)
				map64_set(&m, i * step + 1, i);
			for (size_t cursor = 0; map64_next(&m, &cursor, &key, &value); seen++)
				map64_set(&m, key, value + 1);
			assert_int_equal(seen, n);
			for (uint64_t i = 0; i < n; i++) {
				assert_true(map64_find(&m, i * step + 1, &value));
				assert_int_equal(value, i + 1);
			}
			map64_release(&m);
		}
	}
}

TESTS(T(setting_values_while_iterating), T(finds_what_was_added), T(tells_equal_hashes_apart),
      T(deletes_without_losing_others))
