/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hub: interning, the trie, samples that add up. */
#include "unit/test.h"

#include "profile/profile.h"

#include <stdio.h>

static void strings_are_interned(void **state)
{
	struct strings s;
	char name[32];

	(void)state;
	strings_init(&s);
	assert_int_equal(strings_add(&s, ""), 0);
	assert_int_equal(strings_add(&s, "main"), 1);
	assert_int_equal(strings_add_n(&s, "main()", 4), 1);
	assert_int_equal(strings_find(&s, "other"), NO_ID);
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		assert_int_equal(strings_add(&s, name), i + 2);
	}
	assert_string_equal(strings_get(&s, 777), "f775");
	strings_release(&s);
}

static void a_parent_has_a_smaller_id(void **state)
{
	struct stacks s = {0};
	stack_id main_ = stacks_push(&s, NO_ID, 1), a = stacks_push(&s, main_, 2);

	(void)state;
	assert_true(main_ < a);
	assert_int_equal(stacks_push(&s, main_, 2), a);
	assert_int_not_equal(stacks_push(&s, a, 2), a);
	assert_int_equal(stacks_find(&s, a, 9), NO_ID);
	stacks_release(&s);
}

/* Of 2,000 stacks of any shape: every place is taken once, and right behind a stack come those
 * that go on from it, before any other. */
static void neighbours_in_order_are_alike(void **state)
{
	enum { N = 2000 };
	struct stacks s = {0};
	stack_id at[N], all[N];
	uint32_t *place, random = 1;

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		random = random * 1103515245 + 12345;
		all[i] = stacks_push(&s, i && random >> 16 & 7 ? all[(random >> 8) % i] : NO_ID, i);
	}
	place = stacks_order(&s);
	memset(at, 0xff, sizeof(at));
	for (uint32_t i = 0; i < N; i++) {
		assert_true(place[all[i]] < N);
		assert_int_equal(at[place[all[i]]], NO_ID);
		at[place[all[i]]] = all[i];
	}
	for (uint32_t i = 1; i < N; i++) {
		stack_id parent = stacks_parent(&s, at[i]), above = at[i - 1];

		while (above != parent && above != NO_ID)
			above = stacks_parent(&s, above);
		assert_int_equal(above, parent);
	}
	free(place);
	place = stacks_order(&(struct stacks){0});
	free(place);
	stacks_release(&s);
}

static void equal_samples_add_up(void **state)
{
	struct profile p;
	int64_t one[] = {1, 1000}, huge[] = {0, INT64_MAX};
	struct label label = {0};
	labels_id labels;
	stack_id s;

	(void)state;
	profile_init(&p);
	profile_add_type(&p, "samples", "count");
	profile_add_type(&p, "cpu", "nanoseconds");
	label.key = strings_add(&p.strings, "pid");
	label.number = 7;
	labels = profile_add_labels(&p, &label, 1);
	assert_int_equal(profile_add_labels(&p, &label, 1), labels);
	s = stacks_push(&p.stacks, NO_ID, profile_add_note(&p, "[note]"));
	profile_add_sample(&p, s, labels, one);
	profile_add_sample(&p, s, labels, one);
	profile_add_sample(&p, NO_ID, labels, one);
	assert_int_equal(p.n_samples, 2);
	assert_int_equal(p.values[0], 2);
	assert_int_equal(p.values[1], 2000);
	profile_add_sample(&p, s, labels, huge);
	assert_int_equal(p.values[1], INT64_MAX); /* no overflow */
	assert_int_equal(profile_label(&p, labels, label.key)->number, 7);
	assert_null(profile_label(&p, labels, 0));
	profile_release(&p);
}

static void columns_may_come_later(void **state)
{
	struct profile p;
	labels_id labels;

	(void)state;
	profile_init(&p);
	profile_add_type(&p, "samples", "count");
	profile_add_type(&p, "cpu", "nanoseconds");
	labels = profile_add_labels(&p, NULL, 0);
	for (uint32_t i = 0; i < 3; i++)
		profile_add_sample(&p, stacks_push(&p.stacks, NO_ID, i), labels,
				   (const int64_t[]){i, 10 * i});
	assert_int_equal(profile_add_type(&p, "faults", "count"), 2);
	profile_add_sample(&p, stacks_push(&p.stacks, NO_ID, 3), labels,
			   (const int64_t[]){3, 30, 300});
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(p.values[3 * i], i);
		assert_int_equal(p.values[3 * i + 1], 10 * i);
		assert_int_equal(p.values[3 * i + 2], i == 3 ? 300 : 0);
	}
	profile_release(&p);
}

static void the_account_reads_well(void **state)
{
	struct account a = {.samples = 29970,
			    .processes = 41,
			    .duration_s = 30.0,
			    .user_stacks = 10000,
			    .user_stacks_complete = 9997,
			    .frames = 1000,
			    .frames_named = 994,
			    .overhead_cpu_s = 0.036,
			    .machine_cpu_s = 60};
	struct str text = {0};

	(void)state;
	account_line(&a, &text);
	assert_string_equal(text.text,
			    "29,970 samples of 41 processes in 30.0 s; 0 lost; 99.97 % of user "
			    "stacks complete; 99.40 % of frames named; cost 0.06 % of the "
			    "machine");
	text.len = 0;
	a.user_stacks_complete = 9999999;
	a.user_stacks = 10000000;
	a.lost = 3;
	account_add(&a.lost_by_reason, "ring full", 1);
	account_add(&a.lost_by_reason, "counts full", 1);
	account_add(&a.lost_by_reason, "counts full", 1);
	account_sort(&a.lost_by_reason);
	account_line(&a, &text);
	assert_non_null(
		strstr(text.text, "; 3 lost (2 counts full, 1 ring full); 99.99 % of user"));
	text.len = 0;
	a.machine_cpu_s = 0.004;
	account_line(&a, &text);
	assert_non_null(strstr(text.text, "; cost 36.00 ms of CPU time"));
	str_release(&text);
	account_release(&a);
}

TESTS(T(strings_are_interned), T(a_parent_has_a_smaller_id), T(neighbours_in_order_are_alike),
      T(equal_samples_add_up), T(columns_may_come_later), T(the_account_reads_well))
