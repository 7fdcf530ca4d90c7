/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samples that go through the intake are those that were added, whatever the number. */
#include "unit/test.h"

#include "profile/intake.h"

enum { NAMES = 9, MOST = 40 };

static void begin(struct profile *p)
{
	profile_init(p);
	profile_add_type(p, "samples", "count");
	profile_add_type(p, "cpu", "nanoseconds");
	for (uint32_t i = 0; i < NAMES; i++)
		profile_add_note(p, (const char[]){(char)('a' + i), '\0'});
	profile_add_labels(p, NULL, 0);
	profile_add_labels(p, &(struct label){.key = 0, .number = 7}, 1);
}

/* The same samples added one by one, and through the intake; many stacks go on from another. */
static void compare(size_t n_samples)
{
	struct profile p, q;
	struct intake in = {.p = &q};
	uint32_t random = 1;
	frame_id frames[MOST];

	begin(&p);
	begin(&q);
	for (size_t k = 0; k < n_samples; k++) {
		size_t n = (random = random * 1103515245 + 12345) >> 16 & 31;
		int64_t values[] = {1, (int64_t)k};
		stack_id stack = NO_ID;

		for (size_t i = 0; i < n; i++) {
			random = random * 1103515245 + 12345;
			frames[n - 1 - i] = i < 4 ? 0 : (random >> 16) % NAMES;
		}
		for (size_t i = n; i-- > 0;)
			stack = stacks_push(&p.stacks, stack, frames[i]);
		profile_add_sample(&p, stack, k & 1, values);
		intake_add(&in, frames, n, k & 1, values);
	}
	assert_true(intake_finish(&in));
	assert_int_equal(p.stacks.n, q.stacks.n);
	assert_memory_equal(p.stacks.entries, q.stacks.entries, p.stacks.n * sizeof(uint32_t));
	assert_int_equal(p.n_samples, q.n_samples);
	assert_memory_equal(p.samples, q.samples, p.n_samples * sizeof(*p.samples));
	assert_memory_equal(p.values, q.values, p.n_samples * 2 * sizeof(*p.values));
	profile_release(&p);
	profile_release(&q);
}

static void nothing_is_lost_or_changed(void **state)
{
	(void)state;
	compare(1);
	compare(100);    /* without a thread */
	compare(100000); /* some hundred batches */
}

/* A sample alone is larger than a batch. */
static void long_samples_pass(void **state)
{
	static frame_id frames[INTAKE_MAX_FRAMES];
	struct profile p;
	struct intake in = {.p = &p};

	(void)state;
	begin(&p);
	for (int k = 0; k < 5; k++)
		intake_add(&in, frames, INTAKE_MAX_FRAMES, 0, (const int64_t[]){1, 2});
	intake_add(&in, NULL, 0, 0, (const int64_t[]){1, 2});
	assert_true(intake_finish(&in));
	assert_int_equal(p.stacks.n, INTAKE_MAX_FRAMES + 1);
	assert_int_equal(p.n_samples, 2);
	assert_int_equal(p.values[0], 5);
	profile_release(&p);
}

TESTS(T(nothing_is_lost_or_changed), T(long_samples_pass))
