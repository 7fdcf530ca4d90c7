/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The screens: keys in, text out, compared with what a person would want to see. */
#include "unit/test.h"

#include "analysis/timeline.h"
#include "base/mem.h"
#include "tui/screen.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static frame_id frame(struct profile *p, const char *name, enum frame_kind kind, uint32_t line)
{
	struct frame f = {.named = true, .inner = NO_ID, .kind = (uint8_t)kind, .line = line};

	f.function = f.system_name = strings_add(&p->strings, name);
	f.file = line ? strings_add(&p->strings, "/src/prog.c") : 0;
	f.address = 0x1000 + line;
	return profile_add_frame(p, &f);
}

static labels_id labels(struct profile *p, int pid, int64_t block)
{
	const struct label l[] = {
		{.key = strings_add(&p->strings, "pid"), .number = pid},
		{.key = strings_add(&p->strings, "tid"), .number = pid + 1},
		{.key = strings_add(&p->strings, "process"),
		 .text = strings_add(&p->strings, pid == 7 ? "prog" : "other")},
		{.key = strings_add(&p->strings, TIMELINE_KEY),
		 .number = 1700000000000000000 + block * 500000000},
	};

	return profile_add_labels(p, l, 4);
}

/*
 *   main ─ parse ─ copy_page [k]   100 ms   (7)
 *        │       └ (self)          500 ms   (7)
 *        └ välue_of                300 ms   (9)
 *   idle                           100 ms   (9)
 */
static void make(struct profile *p)
{
	struct mapping m = {0};
	int64_t v[2];
	stack_id main_, parse;

	profile_init(p);
	profile_add_type(p, "samples", "count");
	profile_add_type(p, "cpu", "nanoseconds");
	p->default_type = 1;
	m.filename = strings_add(&p->strings, "/usr/bin/prog");
	profile_add_mapping(p, &m);
	main_ = stacks_push(&p->stacks, NO_ID, frame(p, "main", FRAME_USER, 3));
	parse = stacks_push(&p->stacks, main_, frame(p, "parse", FRAME_USER, 7));
	v[0] = 500, v[1] = 500000000;
	profile_add_sample(p, parse, labels(p, 7, 1), v);
	v[0] = 100, v[1] = 100000000;
	profile_add_sample(p,
			   stacks_push(&p->stacks, parse, frame(p, "copy_page", FRAME_KERNEL, 0)),
			   labels(p, 7, 2), v);
	v[0] = 300, v[1] = 300000000;
	profile_add_sample(
		p, stacks_push(&p->stacks, main_, frame(p, "v\xc3\xa4lue_of", FRAME_USER, 0)),
		labels(p, 9, 3), v);
	v[0] = 100, v[1] = 100000000;
	profile_add_sample(p, stacks_push(&p->stacks, NO_ID, frame(p, "idle", FRAME_USER, 0)),
			   labels(p, 9, 4), v);
	p->account.samples = 1000;
	p->account.user_stacks = p->account.user_stacks_complete = 1000;
	strcpy(p->account.event, "cpu-clock at 99 Hz");
}

static void press(struct screen *s, const char *keys)
{
	for (; *keys; keys++)
		screen_key(s, (unsigned char)*keys);
}

static void expect(struct screen *s, int rows, int cols, const char *want)
{
	struct str got = {0};
	struct grid g = {0};

	grid_reset(&g, rows, cols);
	screen_draw(s, &g);
	grid_dump(&g, &got);
	assert_string_equal(got.text, want);
	str_release(&got);
	grid_release(&g);
}

struct fixture {
	struct screen s;
	struct profile p;
};

static int set_up(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));

	make(&f->p);
	screen_init(&f->s, "prog");
	f->s.is_live = true;
	screen_changed(&f->s, &f->p);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	screen_release(&f->s);
	profile_release(&f->p);
	free(f);
	return 0;
}

#define HEADER                                                                                     \
	" cprof  prog  cpu-clock at 99 Hz\n"                                                       \
	" 1,000 samples  0/s  0 lost  100.0 % complete  cost 0.00 %\n"
#define TABS "  1 Functions  2 Tree  3 Flame  4 Processes  5 Threads  6 Source  7 Time\n"

static void functions_by_self_and_total(void **state)
{
	struct screen *s = &((struct fixture *)*state)->s;

	expect(s, 9, 96,
	       HEADER TABS ">SELF %        95 %  TOTAL %       SELF      TOTAL FUNCTION            "
			   "        MODULE\n"
			   "  50.00   46.9-53.1    60.00  500.00 ms  600.00 ms parse               "
			   "        prog\n"
			   "  30.00   27.2-32.9    30.00  300.00 ms  300.00 ms v\xc3\xa4lue_of     "
			   "               prog\n"
			   "  10.00    8.3-12.0    10.00  100.00 ms  100.00 ms copy_page           "
			   "        prog\n"
			   "  10.00    8.3-12.0    10.00  100.00 ms  100.00 ms idle                "
			   "        prog\n"
			   "   0.00   0.00-0.38    90.00       0 ns  900.00 ms main                "
			   "        prog\n");
	press(s, ">");
	expect(s, 6, 74,
	       HEADER TABS " SELF % >TOTAL %       SELF FUNCTION                     MODULE\n"
			   "   0.00    90.00       0 ns main                         prog\n"
			   "  50.00    60.00  500.00 ms parse                        prog\n");
	press(s, "><<");
	expect(s, 6, 48,
	       " cprof  prog  cpu-clock at 99 Hz\n"
	       "1,000 0/s 0 lost 100.0% cost 0.0%\n"
	       "  1 Functions  2 Tree  3 Flame  4 Processes  5 T\n"
	       ">SELF %  TOTAL % FUNCTION\n"
	       "  50.00    60.00 parse\n"
	       "  30.00    30.00 v\xc3\xa4lue_of\n");
}

static void filters_as_one_types(void **state)
{
	struct screen *s = &((struct fixture *)*state)->s;

	press(s, "/cop");
	expect(s, 6, 74,
	       HEADER TABS ">SELF %  TOTAL %       SELF FUNCTION                     MODULE\n"
			   "  10.00    10.00  100.00 ms copy_page                    prog\n"
			   " /cop_\n");
	press(s, "q"); /* a letter of the filter, not the end */
	assert_false(s->quit);
	assert_string_equal(s->search, "copq");
	press(s, "\x7f\x7f\x7f\x7f(\r");
	assert_true(*s->bad);
	press(s, "\033\033");
	assert_string_equal(s->search, "");
	press(s, "/nothing\r");
	expect(s, 8, 40,
	       " cprof  prog  cpu-clock at 99 Hz\n"
	       "1,000 0/s 0 lost 100.0% cost 0.0%\n"
	       "  1 Functions  2 Tree  3 Flame  4 Proces\n"
	       ">SELF %  TOTAL % FUNCTION\n"
	       "\n"
	       "  nothing matches the filter\n"
	       "\n"
	       " /nothing\n");
	/* Only stacks with a function, on every tab. */
	press(s, "\033fv.*lue\r");
	expect(s, 7, 74,
	       HEADER TABS ">SELF %  TOTAL %       SELF FUNCTION                     MODULE\n"
			   " 100.00   100.00  300.00 ms v\xc3\xa4lue_of                     prog\n"
			   "   0.00   100.00       0 ns main                         prog\n"
			   " only stacks with v.*lue\n");
	/* The last line covers no row. */
	press(s, "G");
	expect(s, 6, 74,
	       HEADER TABS ">SELF %  TOTAL %       SELF FUNCTION                     MODULE\n"
			   "   0.00   100.00       0 ns main                         prog\n"
			   " only stacks with v.*lue\n");
	press(s, "\033");
	assert_string_equal(s->model.focus, "");
}

static void trees_open_and_close(void **state)
{
	struct screen *s = &((struct fixture *)*state)->s;

	press(s, "2");
	expect(s, 8, 74,
	       HEADER TABS "TOTAL %  SELF %      TOTAL FUNCTION, and below it what it calls\n"
			   "  90.00    0.00  900.00 ms - main  prog\n"
			   "  60.00   50.00  600.00 ms  - parse  prog\n"
			   "  10.00   10.00  100.00 ms     copy_page  prog\n"
			   "  30.00   30.00  300.00 ms    v\xc3\xa4lue_of  prog\n");
}

static void tree_keys(void **state)
{
	struct screen *s = &((struct fixture *)*state)->s;
	struct grid g = {0};

	press(s, "2");
	grid_reset(&g, 20, 80);
	screen_draw(s, &g);
	assert_int_equal(s->tree.n, 5);
	press(s, "j\r"); /* closes parse */
	screen_draw(s, &g);
	assert_int_equal(s->tree.n, 4);
	screen_key(s, KEY_ARROW_LEFT); /* closed already: to main */
	assert_int_equal(s->rows[TAB_tree].selected, 0);
	screen_key(s, KEY_ARROW_LEFT); /* closes main */
	screen_draw(s, &g);
	assert_int_equal(s->tree.n, 2);
	press(s, "e"); /* opens all of it */
	screen_draw(s, &g);
	assert_int_equal(s->tree.n, 5);
	press(s, "/copy\rn");
	assert_int_equal(s->rows[TAB_tree].selected, 2);
	press(s, "\033b"); /* from the leaves */
	screen_draw(s, &g);
	expect(s, 8, 74,
	       HEADER TABS "TOTAL %  SELF %      TOTAL FUNCTION, and below it its callers\n"
			   "  50.00   50.00  500.00 ms - parse  prog\n"
			   "  50.00    0.00  500.00 ms    main  prog\n"
			   "  30.00   30.00  300.00 ms - v\xc3\xa4lue_of  prog\n"
			   "  30.00    0.00  300.00 ms    main  prog\n");
	grid_release(&g);
}

static void the_flame_graph_zooms(void **state)
{
	struct screen *s = &((struct fixture *)*state)->s;

	press(s, "3");
	expect(s, 8, 60,
	       " cprof  prog  cpu-clock at 99 Hz\n"
	       " 1,000 samples  0/s  0 lost  100.0 % complete  cost 0.00 %\n"
	       "  1 Functions  2 Tree  3 Flame  4 Processes  5 Threads  6 So\n"
	       " all  1.00 s  arrows select, Enter zooms, b turns it round\n"
	       "\xe2\x96\x8f"
	       "all\n"
	       "\xe2\x96\x8fmain                                                 \xe2\x96\x8fidle\n"
	       "\xe2\x96\x8fparse                              \xe2\x96\x8fv\xc3\xa4lue_of\n"
	       "\xe2\x96\x8f"
	       "copy_\n");
	press(s, "jj"); /* main, parse */
	screen_key(s, KEY_ARROW_RIGHT);
	press(s, "\r");
	expect(s, 7, 60,
	       " cprof  prog  cpu-clock at 99 Hz\n"
	       " 1,000 samples  0/s  0 lost  100.0 % complete  cost 0.00 %\n"
	       "  1 Functions  2 Tree  3 Flame  4 Processes  5 Threads  6 So\n"
	       " v\xc3\xa4lue_of  300.00 ms  30.00 %, 100.00 % of what is shown  in\n"
	       "\xe2\x96\x8f"
	       "all\n"
	       "\xe2\x96\x8fv\xc3\xa4lue_of\n"
	       "\n");
	press(s, "uu/idle\rn");
	assert_int_equal(s->flame.zoomed, 0);
	expect(s, 7, 60,
	       " cprof  prog  cpu-clock at 99 Hz\n"
	       " 1,000 samples  0/s  0 lost  100.0 % complete  cost 0.00 %\n"
	       "  1 Functions  2 Tree  3 Flame  4 Processes  5 Threads  6 So\n"
	       " idle  100.00 ms  10.00 %  in all: self 10.00 %, total 10.00\n"
	       "\xe2\x96\x8f"
	       "all\n"
	       "\xe2\x96\x8fmain                                                 \xe2\x96\x8fidle\n"
	       " /idle\n");
}

static void processes_and_threads(void **state)
{
	struct screen *s = &((struct fixture *)*state)->s;

	press(s, "4");
	expect(s, 6, 74,
	       HEADER TABS
	       "SHARE %       TIME  PROCESS                  RUNS\n"
	       "  60.00  600.00 ms  prog-7                   parse 83 %  copy_page 17 %\n"
	       "  40.00  400.00 ms  other-9                  v\xc3\xa4lue_of 75 %  idle 25 %\n");
	press(s, "5");
	expect(s, 5, 74,
	       HEADER TABS
	       "SHARE %       TIME  THREAD                   RUNS\n"
	       "  60.00  600.00 ms  prog-7/8                 parse 83 %  copy_page 17 %\n");
	press(s, "j\r"); /* the other one alone */
	expect(s, 8, 74,
	       HEADER TABS ">SELF %  TOTAL %       SELF FUNCTION                     MODULE\n"
			   "  75.00    75.00  300.00 ms v\xc3\xa4lue_of                     prog\n"
			   "  25.00    25.00  100.00 ms idle                         prog\n"
			   "   0.00    75.00       0 ns main                         prog\n"
			   " only other-9/10\n");
	press(s, "\033");
	assert_string_equal(s->model.only, "");
}

static int fake_code(void *ctx, mapping_id mapping, uint64_t offset, struct code *ret,
		     struct err *err)
{
	(void)ctx, (void)mapping, (void)err;
	*ret = (struct code){0};
	array_reserve(ret->rows, ret->cap, 2);
	for (int i = 0; i < 2; i++)
		ret->rows[ret->n++] = (struct instruction){
			offset + 4 * (uint64_t)i, mem_strdup(i ? "ret" : "nop"), mem_strdup(""), 0};
	return 0;
}

static void source_and_instructions(void **state)
{
	struct screen *s = &((struct fixture *)*state)->s;
	char folder[] = "/tmp/cprof-screen.XXXXXX", path[64];
	FILE *f;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/prog.c", folder);
	f = fopen(path, "w");
	for (int i = 1; i < 12; i++)
		fprintf(f, "\tline(%d);\n", i);
	fclose(f);
	press(s, "a");
	expect(s, 8, 74,
	       HEADER TABS
	       " SELF %  TOTAL %  parse  prog  (a: instructions)\n"
	       "                  /src/prog.c\n"
	       "                  (the source is not here; --source-path says where to loo\n"
	       "  50.00   60.00     7\n"
	       "\n");
	s->source_path = folder;
	expect(s, 6, 60,
	       " cprof  prog  cpu-clock at 99 Hz\n"
	       " 1,000 samples  0/s  0 lost  100.0 % complete  cost 0.00 %\n"
	       "  1 Functions  2 Tree  3 Flame  4 Processes  5 Threads  6 So\n"
	       " SELF %  TOTAL %  parse  prog  (a: instructions)\n"
	       "                    2          line(2);\n"
	       "                    3          line(3);\n");
	press(s, "gG");
	expect(s, 6, 60,
	       " cprof  prog  cpu-clock at 99 Hz\n"
	       " 1,000 samples  0/s  0 lost  100.0 % complete  cost 0.00 %\n"
	       "  1 Functions  2 Tree  3 Flame  4 Processes  5 Threads  6 So\n"
	       " SELF %  TOTAL %  parse  prog  (a: instructions)\n"
	       "                   10          line(10);\n"
	       "                   11          line(11);\n");
	s->annotate = fake_code;
	press(s, "a");
	expect(s, 6, 60,
	       " cprof  prog  cpu-clock at 99 Hz\n"
	       " 1,000 samples  0/s  0 lost  100.0 % complete  cost 0.00 %\n"
	       "  1 Functions  2 Tree  3 Flame  4 Processes  5 Threads  6 So\n"
	       " SELF %  TOTAL %  parse  prog  (a: source)\n"
	       "  50.00   60.00       1007  nop\n"
	       "                      100b  ret\n");
	unlink(path);
	rmdir(folder);
}

static void a_part_of_the_time(void **state)
{
	struct screen *s = &((struct fixture *)*state)->s;

	press(s, "7");
	expect(s, 8, 60,
	       " cprof  prog  cpu-clock at 99 Hz\n"
	       " 1,000 samples  0/s  0 lost  100.0 % complete  cost 0.00 %\n"
	       "  1 Functions  2 Tree  3 Flame  4 Processes  5 Threads  6 So\n"
	       " at 0.00 s: 500.00 ms   a column is 1 s; arrows move, [ and\n"
	       "           \xe2\x96\x91\xe2\x96\x91\n"
	       "      0 ms \xe2\x96\x88\xe2\x96\x93\n"
	       "\n"
	       "\n");
	screen_key(s, KEY_ARROW_RIGHT);
	press(s, "[]1");
	expect(s, 8, 74,
	       HEADER TABS ">SELF %  TOTAL %       SELF FUNCTION                     MODULE\n"
			   " 100.00   100.00  300.00 ms v\xc3\xa4lue_of                     prog\n"
			   "   0.00   100.00       0 ns main                         prog\n"
			   "\n"
			   " a part of the time\n");
	press(s, "\033");
	assert_false(s->model.o.in_range);
}

static void asks_its_owner(void **state)
{
	struct screen *s = &((struct fixture *)*state)->s;

	press(s, "z");
	assert_int_equal(s->request, REQUEST_RESET);
	s->request = REQUEST_NONE;
	press(s, "sout.svg\r");
	assert_int_equal(s->request, REQUEST_SAVE);
	assert_string_equal(s->text, "out.svg");
	s->request = REQUEST_NONE;
	press(s, "t12\033");
	assert_int_equal(s->request, REQUEST_NONE);
	press(s, "t12\r");
	assert_int_equal(s->request, REQUEST_TARGET);
	assert_string_equal(s->text, "12");
	s->is_live = false;
	press(s, "t");
	assert_int_equal(s->prompt, PROMPT_NONE);
	assert_non_null(strstr(s->message, "saved"));
	press(s, "p");
	assert_true(s->paused);
	press(s, "mm");
	assert_int_equal(s->mode, MODE_LAST);
	press(s, "?");
	assert_true(s->help);
	press(s, "q"); /* leaves the help first */
	assert_false(s->quit);
	press(s, "q");
	assert_true(s->quit);
}

static void the_last_minute(void **state)
{
	struct fixture *f = *state;
	struct str got = {0};
	struct grid g = {0};

	for (int i = 0; i < 30; i++) {
		model_tick(&f->s.model, 1);
		for (size_t k = 0; k < f->p.n_samples; k++)
			f->p.values[2 * k + 1] += k == 0 ? 1000000 * i : 0;
		screen_changed(&f->s, &f->p);
	}
	grid_reset(&g, 6, 110);
	screen_draw(&f->s, &g);
	grid_dump(&g, &got);
	assert_non_null(strstr(got.text, "LAST MINUTE"));
	/* What was there at first is the oldest; then it rises. */
	assert_non_null(strstr(got.text, "\xe2\x96\x88\xe2\x96\x81\xe2\x96\x82"));
	str_release(&got);
	grid_release(&g);
}

/* Sizes that no one would choose must not write outside the grid (the sanitizer watches), on any
 * tab, with keys in any order. */
static void survives_tiny_screens_and_any_keys(void **state)
{
	static const char keys[] = "jk\r\033/x\rfm\r\033nNbeapz<>gG?jq[]\t2u3";
	struct screen *s = &((struct fixture *)*state)->s;
	struct grid g = {0};
	uint32_t random = 1;

	s->annotate = fake_code;
	for (int tab = 0; tab < N_TABS; tab++)
		for (int rows = 0; rows < 7; rows++)
			for (int cols = 0; cols < 90; cols += 7) {
				random = random * 1664525 + 1013904223;
				s->tab = (enum tab_id)tab;
				grid_reset(&g, rows, cols);
				screen_draw(s, &g);
				screen_key(s,
					   (unsigned char)keys[(random >> 8) % (sizeof(keys) - 1)]);
				screen_key(s, KEY_ARROW_DOWN + (random >> 20) % 8);
				s->click_row = rows - 1;
				s->click_col = cols - 1;
				screen_key(s, KEY_CLICK);
			}
	grid_release(&g);
}

static void an_empty_profile(void **state)
{
	struct screen s;
	struct profile p;

	(void)state;
	profile_init(&p);
	profile_add_type(&p, "samples", "count");
	screen_init(&s, "nothing");
	screen_changed(&s, &p);
	for (const char *tab = "1234567"; *tab; tab++) {
		struct grid g = {0};

		screen_key(&s, (unsigned char)*tab);
		grid_reset(&g, 10, 80);
		screen_draw(&s, &g);
		press(&s, "jk\ra");
		screen_draw(&s, &g);
		grid_release(&g);
	}
	screen_release(&s);
	profile_release(&p);
}

#define F(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		F(functions_by_self_and_total),
		F(filters_as_one_types),
		F(trees_open_and_close),
		F(tree_keys),
		F(the_flame_graph_zooms),
		F(processes_and_threads),
		F(source_and_instructions),
		F(a_part_of_the_time),
		F(asks_its_owner),
		F(the_last_minute),
		F(survives_tiny_screens_and_any_keys),
		T(an_empty_profile),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
