/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where names are missing: one row a file, however often it is mapped. */
#include "unit/test.h"

#include "analysis/missing.h"

#include <stdlib.h>

static void add(struct profile *p, mapping_id mapping, uint64_t address, bool named, int64_t count)
{
	struct frame f = {.mapping = mapping, .inner = NO_ID, .address = address, .named = named};
	stack_id stack = stacks_push(&p->stacks, NO_ID, profile_add_frame(p, &f));

	profile_add_sample(p, stack, profile_add_labels(p, NULL, 0), &count);
}

static void one_row_a_file(void **state)
{
	struct profile p;
	struct mapping m = {0};
	mapping_id here, there, other;
	struct missing *all;
	uint64_t frames;
	size_t n;

	(void)state;
	profile_init(&p);
	profile_add_type(&p, "samples", "count");
	m.filename = strings_add(&p.strings, "[anon]");
	m.start = 0x1000;
	here = profile_add_mapping(&p, &m);
	m.start = 0x9000;
	there = profile_add_mapping(&p, &m);
	m.filename = strings_add(&p.strings, "/bin/x");
	other = profile_add_mapping(&p, &m);
	add(&p, here, 0x1000, false, 2);
	add(&p, there, 0x9000, false, 5);
	add(&p, other, 0x9001, false, 6);
	add(&p, other, 0x9002, true, 3);
	add(&p, NO_ID, 0x9003, true, 1);
	all = missing_names(&p, &n, &frames);
	assert_int_equal(frames, 17);
	assert_int_equal(n, 2);
	assert_int_equal(all[0].mapping, here);
	assert_int_equal(all[0].unnamed, 7);
	assert_int_equal(all[1].mapping, other);
	assert_int_equal(all[1].unnamed, 6);
	assert_int_equal(all[1].frames, 9);
	free(all);
	profile_release(&p);
}

TESTS(T(one_row_a_file))
