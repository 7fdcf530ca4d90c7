/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal keeps the newest entries, under numbers that only grow. */
#include "unit/test.h"

#include "collect/journal.h"

static void add(struct journal *j, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i < to; i++)
		journal_add(j, &(struct journal_entry){.samples = i, .rate_hz = 99});
}

static void the_newest_stay(void **state)
{
	struct journal *j = journal_new(5000);

	(void)state;
	add(j, 0, 12000);
	assert_int_equal(journal_end(j), 12000);
	assert_int_equal(journal_first(j), 7000);
	for (uint64_t i = journal_first(j); i < journal_end(j); i++) {
		assert_int_equal(journal_at(j, i)->samples, i);
		assert_int_equal(journal_at(j, i)->rate_hz, 99);
	}
	journal_free(j);
}

static void forgetting(void **state)
{
	struct journal *j = journal_new(5000);

	(void)state;
	add(j, 0, 100);
	journal_forget(j, 40);
	assert_int_equal(journal_first(j), 40);
	journal_forget(j, 10); /* never back */
	assert_int_equal(journal_first(j), 40);
	journal_forget(j, 1000); /* nor beyond what there is */
	assert_int_equal(journal_first(j), 100);
	add(j, 100, 3000); /* grows while it has been forgotten from */
	for (uint64_t i = journal_first(j); i < journal_end(j); i++)
		assert_int_equal(journal_at(j, i)->samples, i);
	assert_true(journal_bytes(j) <= 4096 * sizeof(struct journal_entry));
	journal_free(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_stay),
		cmocka_unit_test(forgetting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
