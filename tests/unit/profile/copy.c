/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A copied stack has the frames it had, with what is inlined in them and where they lie. */
#include "unit/test.h"

#include "profile/copy.h"

static frame_id frame(struct profile *p, const char *name, frame_id inner, bool inlined,
		      mapping_id m)
{
	struct frame f = {
		.inner = inner, .inlined = inlined, .mapping = m, .line = 3, .named = true};

	f.function = f.system_name = strings_add(&p->strings, name);
	f.address = f.function * 16;
	return profile_add_frame(p, &f);
}

static void a_stack_and_its_labels(void **state)
{
	struct profile from, to;
	struct mapping m = {.start = 4096, .limit = 1 << 20};
	struct profile_copy *copy;
	struct label labels[4], label;
	stack_id a, b, c;
	const struct frame *f;

	(void)state;
	profile_init(&from);
	profile_init(&to);
	strings_add(&to.strings, "something else"); /* other numbers there */
	m.filename = strings_add(&from.strings, "/bin/x");
	profile_add_mapping(&from, &(struct mapping){.filename = m.filename});
	profile_add_mapping(&from, &m);
	a = stacks_push(&from.stacks, NO_ID, frame(&from, "main", NO_ID, false, 1));
	b = stacks_push(&from.stacks, a,
			frame(&from, "outer", frame(&from, "inner", NO_ID, true, 1), false, 1));
	c = stacks_push(&from.stacks, a, frame(&from, "other", NO_ID, false, 1));
	label = (struct label){.key = strings_add(&from.strings, "thread"),
			       .text = strings_add(&from.strings, "t1")};
	copy = profile_copy_new(&from, &to);
	a = profile_copy_stack(copy, b);
	assert_int_equal(profile_copy_stack(copy, b), a);
	assert_int_equal(profile_copy_stack(copy, NO_ID), NO_ID);
	f = &to.frames[stacks_item(&to.stacks, a)];
	assert_string_equal(profile_text(&to, f->function), "outer");
	assert_string_equal(profile_text(&to, to.frames[f->inner].function), "inner");
	assert_true(to.frames[f->inner].inlined);
	assert_int_equal(to.n_mappings, 1); /* only what is used */
	assert_int_equal(to.mappings[f->mapping].start, 4096);
	assert_string_equal(profile_module(&to, f), "x");
	b = stacks_parent(&to.stacks, a);
	assert_int_equal(stacks_parent(&to.stacks, profile_copy_stack(copy, c)), b);
	assert_int_equal(profile_copy_labels(copy, profile_add_labels(&from, &label, 1), labels, 4),
			 1);
	assert_string_equal(profile_text(&to, labels[0].text), "t1");
	profile_copy_free(copy);
	profile_release(&from);
	profile_release(&to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_stack_and_its_labels)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
