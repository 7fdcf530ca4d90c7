/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The allocator of the store: what it gives never overlaps, and all of it comes back. */
#include "unit/test.h"

#include <stdlib.h>

#include "abi/unwind_table.h"
#include "base/mem.h"
#include "unwind/store.h"

enum { BYTES = 1 << 20, MOST = 400 };

static void blocks_never_overlap_and_all_comes_back(void **state)
{
	char *memory = mem_alloc(BYTES), data[8192];
	uint32_t at[MOST] = {0}, bytes[MOST] = {0};
	struct store s;

	(void)state;
	store_init(&s, memory, BYTES);
	srand(3);
	for (int round = 0; round < 20000; round++) {
		int i = rand() % MOST;

		if (at[i]) {
			for (uint32_t j = 0; j < bytes[i]; j++)
				assert_int_equal((uint8_t)memory[at[i] + j], (uint8_t)i);
			store_free(&s, at[i], bytes[i]);
			at[i] = 0;
		} else {
			bytes[i] = 1 + (uint32_t)rand() % (rand() % 50 ? 500 : sizeof(data));
			memset(data, i, bytes[i]);
			at[i] = store_put(&s, data, bytes[i]);
			assert_int_equal(at[i] % STORE_ALIGN, 0);
		}
		if (round % 64 == 0)
			store_settle(&s);
	}
	for (int i = 0; i < MOST; i++)
		if (at[i])
			store_free(&s, at[i], bytes[i]);
	store_settle(&s);
	assert_int_equal(s.n_free, 1);
	assert_int_equal(s.free[0].bytes, BYTES - TABLE_FIRST);
	store_release(&s);
	free(memory);
}

static void what_is_freed_is_not_reused_before_it_settles(void **state)
{
	char *memory = mem_alloc(4096), data[1900] = {1};
	struct store s;
	uint32_t a;

	(void)state;
	store_init(&s, memory, 4096);
	a = store_put(&s, data, sizeof(data));
	assert_true(a >= TABLE_FIRST);
	assert_true(store_put(&s, data, sizeof(data)));
	assert_int_equal(store_put(&s, data, sizeof(data)), 0); /* full */
	store_free(&s, a, sizeof(data));
	assert_int_equal(store_put(&s, data, sizeof(data)), 0);
	store_settle(&s);
	assert_int_equal(store_put(&s, data, sizeof(data)), a);
	assert_int_equal(store_put(&s, data, 1 << 20), 0);
	store_release(&s);
	free(memory);
}

/* Of memory of its own, which is as large as it says. */
static void has_memory_of_its_own(void **state)
{
	static const char data[] = "table";
	struct store s;
	uint32_t at;

	(void)state;
	assert_int_equal(store_init_own(&s, 1 << 20), 0);
	at = store_put(&s, data, sizeof(data));
	assert_int_not_equal(at, 0);
	assert_memory_equal(s.memory + at, data, sizeof(data));
	s.memory[(1 << 20) - 1] = 1;
	assert_int_equal(store_put(&s, data, 1 << 20), 0);
	store_release(&s);
	assert_null(s.memory);
	/* Where there is no memory there is no room. */
	assert_true(store_init_own(&s, 0) < 0);
	assert_int_equal(store_put(&s, data, sizeof(data)), 0);
	store_release(&s);
}

TESTS(T(has_memory_of_its_own), T(blocks_never_overlap_and_all_comes_back),
      T(what_is_freed_is_not_reused_before_it_settles))
