/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The top screen: keys in, text out, compared with what a person would want to see. */
#include "unit/test.h"

#include "base/mem.h"
#include "tui/top_screen.h"

#include <locale.h>
#include <stdio.h>

static void add(struct profile *p, const char *name, enum frame_kind kind, int64_t ns)
{
	struct mapping m = {.filename = strings_add(&p->strings, "/usr/bin/prog")};
	struct frame f = {.named = true, .inner = NO_ID, .kind = (uint8_t)kind};
	int64_t v[] = {ns / 1000000, ns};
	stack_id main_, leaf;

	if (!p->n_mappings)
		profile_add_mapping(p, &m);
	f.function = strings_add(&p->strings, "main");
	f.kind = FRAME_USER;
	main_ = stacks_push(&p->stacks, NO_ID, profile_add_frame(p, &f));
	f.function = strings_add(&p->strings, name);
	f.kind = (uint8_t)kind;
	leaf = stacks_push(&p->stacks, main_, profile_add_frame(p, &f));
	profile_add_sample(p, leaf, profile_add_labels(p, NULL, 0), v);
}

static void make(struct profile *p)
{
	profile_init(p);
	profile_add_type(p, "samples", "count");
	profile_add_type(p, "cpu", "nanoseconds");
	p->default_type = 1;
	add(p, "parse", FRAME_USER, 600000000);
	add(p, "v\xc3\xa4lue_of", FRAME_USER, 300000000);
	add(p, "copy_page", FRAME_KERNEL, 100000000);
	p->account.samples = 1000;
	p->account.user_stacks = p->account.user_stacks_complete = 1000;
	strcpy(p->account.event, "cpu-clock at 99 Hz");
}

static void press(struct top_screen *s, const char *keys)
{
	for (; *keys; keys++)
		top_screen_key(s, (unsigned char)*keys);
}

static void expect(struct top_screen *s, const struct profile *p, int rows, int cols,
		   const char *want)
{
	struct str got = {0};
	struct grid g = {0};

	grid_reset(&g, rows, cols);
	top_screen_draw(s, &g, p);
	grid_dump(&g, &got);
	assert_string_equal(got.text, want);
	str_release(&got);
	grid_release(&g);
}

static void functions_by_self_and_total(void **state)
{
	struct top_screen s;
	struct profile p;

	(void)state;
	make(&p);
	top_screen_init(&s, "prog");
	expect(&s, &p, 8, 74,
	       " cprof top  prog  cpu-clock at 99 Hz\n"
	       " 1,000 samples  0/s  0 lost  100.0 % complete  cost 0.00 %\n"
	       ">SELF %  TOTAL %       SELF      TOTAL FUNCTION         MODULE\n"
	       "  60.00    60.00  600.00 ms  600.00 ms parse            prog\n"
	       "  30.00    30.00  300.00 ms  300.00 ms v\xc3\xa4lue_of         prog\n"
	       "  10.00    10.00  100.00 ms  100.00 ms copy_page        prog\n"
	       "   0.00   100.00       0 ns     1.00 s main             prog\n"
	       "\n");
	press(&s, "s");
	expect(&s, &p, 5, 74,
	       " cprof top  prog  cpu-clock at 99 Hz\n"
	       " 1,000 samples  0/s  0 lost  100.0 % complete  cost 0.00 %\n"
	       " SELF % >TOTAL %       SELF      TOTAL FUNCTION         MODULE\n"
	       "   0.00   100.00       0 ns     1.00 s main             prog\n"
	       "  60.00    60.00  600.00 ms  600.00 ms parse            prog\n");
	profile_release(&p);
}

static void filters_as_one_types(void **state)
{
	struct top_screen s;
	struct profile p;

	(void)state;
	make(&p);
	top_screen_init(&s, "prog");
	press(&s, "/cop");
	expect(&s, &p, 4, 74,
	       " cprof top  prog  cpu-clock at 99 Hz\n"
	       " 1,000 samples  0/s  0 lost  100.0 % complete  cost 0.00 %  /cop_\n"
	       ">SELF %  TOTAL %       SELF      TOTAL FUNCTION         MODULE\n"
	       "  10.00    10.00  100.00 ms  100.00 ms copy_page        prog\n");
	press(&s, "q"); /* a letter of the filter, not the end */
	assert_false(s.quit);
	assert_string_equal(s.filter, "copq");
	press(&s, "\x7f\x7f\x7f\x7f(\r");
	assert_true(*s.bad_filter);
	press(&s, "\033");
	assert_string_equal(s.filter, "");
	press(&s, "/nothing\r");
	expect(&s, &p, 5, 40,
	       " cprof top  prog  cpu-clock at 99 Hz\n"
	       " 1,000 samples  0/s  0 lost  100.0 % com\n"
	       ">SELF %  TOTAL %       SELF      TOTAL F\n"
	       "\n"
	       "  nothing matches the filter\n");
	profile_release(&p);
}

static void moves_scrolls_and_leaves(void **state)
{
	struct top_screen s;
	struct profile p;
	struct grid g = {0};

	(void)state;
	make(&p);
	top_screen_init(&s, "prog");
	grid_reset(&g, 5, 74); /* two rows of the table */
	top_screen_draw(&s, &g, &p);
	press(&s, "jjjjjjj");
	grid_reset(&g, 5, 74);
	top_screen_draw(&s, &g, &p);
	assert_int_equal(s.selected, 3);
	assert_int_equal(s.first, 2);
	press(&s, "g");
	assert_int_equal(s.selected, 0);
	press(&s, "z p");
	assert_true(s.reset);
	assert_false(s.paused); /* twice: blank and p */
	press(&s, "?");
	assert_true(s.help);
	press(&s, "q"); /* leaves the help first */
	assert_false(s.quit);
	press(&s, "q");
	assert_true(s.quit);
	grid_release(&g);
	profile_release(&p);
}

/* Sizes that no one would choose must not write outside the grid (the sanitizer watches). */
static void survives_tiny_screens(void **state)
{
	struct top_screen s;
	struct profile p;
	struct grid g = {0};

	(void)state;
	make(&p);
	top_screen_init(&s, "prog");
	for (int help = 0; help < 2; help++, press(&s, "?"))
		for (int rows = 0; rows < 6; rows++)
			for (int cols = 0; cols < 90; cols += 7) {
				grid_reset(&g, rows, cols);
				top_screen_draw(&s, &g, &p);
			}
	grid_release(&g);
	profile_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(functions_by_self_and_total),
		T(filters_as_one_types),
		T(moves_scrolls_and_leaves),
		T(survives_tiny_screens),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
