/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Differences, callers and lines: what is equal is zero, what adds up adds up, chance is told
 * apart. */
#include "unit/test.h"

#include "analysis/diff.h"
#include "analysis/lines.h"
#include "analysis/peek.h"
#include "analysis/statistics.h"
#include "analysis/timeline.h"
#include "base/mem.h"

#include <math.h>
#include <stdio.h>

enum { FUNCTIONS = 12 };

/* Samples of stacks of two to five of the functions, in 40 blocks of time; `weights` (of the leaf)
 * say how many. */
static void make(struct profile *p, const int *weights, unsigned seed)
{
	frame_id frames[FUNCTIONS];
	uint32_t random = seed;
	char name[16];

	profile_init(p);
	profile_add_type(p, "samples", "count");
	for (uint32_t i = 0; i < FUNCTIONS; i++) {
		struct frame f = {.mapping = NO_ID, .inner = NO_ID, .named = true, .line = i};

		snprintf(name, sizeof(name), "f%u", i);
		f.function = f.system_name = strings_add(&p->strings, name);
		f.file = strings_add(&p->strings, "file.c");
		frames[i] = profile_add_frame(p, &f);
	}
	for (uint32_t leaf = 0; leaf < FUNCTIONS; leaf++) {
		for (int n = 0; n < weights[leaf]; n++) {
			stack_id stack = NO_ID;
			struct label time = {.key = strings_add(&p->strings, TIMELINE_KEY)};
			int64_t one = 1;

			random = random * 1664525 + 1013904223;
			time.number = 1000000 * (1 + (random >> 16) % 40);
			for (unsigned depth = 1 + (random >> 30); depth; depth--) {
				random = random * 1664525 + 1013904223;
				stack = stacks_push(&p->stacks, stack,
						    frames[(random >> 20) % FUNCTIONS]);
			}
			profile_add_sample(p, stacks_push(&p->stacks, stack, frames[leaf]),
					   profile_add_labels(p, &time, 1), &one);
		}
	}
}

static const int usual[FUNCTIONS] = {900, 400, 300, 200, 200, 100, 100, 50, 20, 10, 5, 1};

static const struct diff_row *row(const struct diff *d, const char *name)
{
	for (size_t f = 0; f < d->v.n_functions; f++)
		if (strcmp(d->v.functions[f].name, name) == 0)
			return &d->rows[f];
	fail_msg("no function %s", name);
	return NULL;
}

static void a_profile_does_not_differ_from_itself(void **state)
{
	struct diff_options o = {0};
	struct err err = {0};
	struct profile p;
	struct diff d;
	struct tree t;
	struct diff_side *nodes;

	make(&p, usual, 1);
	assert_int_equal(diff_open(&d, &p, &p, &o, &err), 0);
	assert_true(d.scale == 1 && d.base == d.new);
	assert_true(d.has_blocks && d.has_counts);
	for (size_t f = 0; f < d.v.n_functions; f++) {
		assert_int_equal(d.rows[f].self.base, d.rows[f].self.new);
		assert_int_equal(d.rows[f].total.base, d.rows[f].total.new);
		assert_false(diff_is_significant(&d.rows[f].self));
		assert_false(diff_is_significant(&d.rows[f].total));
		assert_true(diff_change(&d.rows[f].self) == 0);
	}
	tree_build(&t, &d.v, &(const struct tree_options){0});
	nodes = diff_nodes(&d, &t);
	for (size_t i = 0; i < t.n; i++) {
		assert_int_equal(nodes[i].base, nodes[i].new);
		assert_int_equal(nodes[i].base + nodes[i].new, t.nodes[i].total);
		assert_true(diff_change(&nodes[i]) == 0);
	}
	free(nodes);
	tree_release(&t);
	diff_release(&d);
	profile_release(&p);
}

/* Two runs of the same: at 5 %, adjusted, hardly ever anything. */
static void chance_is_no_change(void **state)
{
	struct diff_options o = {0};
	struct err err = {0};
	unsigned found = 0;

	for (unsigned seed = 1; seed < 21; seed++) {
		int more[FUNCTIONS];
		uint32_t random = seed;
		struct profile p, q;
		struct diff d;

		/* Counts that differ as Poisson counts do: by a root or less, mostly. */
		for (int i = 0; i < FUNCTIONS; i++) {
			random = random * 1664525 + 1013904223;
			more[i] = usual[i] + (int)((((double)(random >> 8) / (1 << 24)) - 0.5) *
						   2.5 * sqrt(usual[i]));
		}
		make(&p, usual, seed);
		make(&q, more, seed + 100);
		assert_int_equal(diff_open(&d, &p, &q, &o, &err), 0);
		for (size_t f = 0; f < d.v.n_functions; f++)
			found += diff_is_significant(&d.rows[f].self);
		diff_release(&d);
		profile_release(&p);
		profile_release(&q);
	}
	assert_true(found <= 2);
}

static void a_change_is_found_and_scaled(void **state)
{
	struct diff_options o = {0};
	struct err err = {0};
	int changed[FUNCTIONS];
	struct profile p, q;
	struct diff d;

	/* Twice as long, and one function five times as slow. */
	for (int i = 0; i < FUNCTIONS; i++)
		changed[i] = 2 * usual[i];
	changed[5] = 5 * changed[5];
	make(&p, usual, 1);
	make(&q, changed, 2);
	assert_int_equal(diff_open(&d, &p, &q, &o, &err), 0);
	assert_true(fabs(d.scale - (double)(2 * 2286 + 800) / 2286) < 1e-9);
	assert_true(diff_is_significant(&row(&d, "f5")->self));
	assert_true(diff_change(&row(&d, "f5")->self) > 0.5);
	assert_true(row(&d, "f5")->self.low > 0);
	assert_false(diff_is_significant(&row(&d, "f11")->self));
	diff_release(&d);
	/* With another function made equal, only the one has grown. */
	o.normalize = "^f0$";
	o.base.focus = o.new.focus = NULL;
	assert_int_equal(diff_open(&d, &p, &q, &o, &err), 0);
	assert_true(d.scale > 1.7 && d.scale < 2.5);
	assert_true(diff_is_significant(&row(&d, "f5")->self));
	diff_release(&d);
	o.normalize = "nothing";
	assert_true(diff_open(&d, &p, &q, &o, &err) < 0);
	assert_non_null(strstr(err.cure, "--normalize"));
	diff_release(&d);
	profile_release(&p);
	profile_release(&q);
}

/* Stacks of one sample each, made smaller: what they add up to is not what each is rounded to. */
static void many_small_stacks_add_up(void **state)
{
	struct diff_options o = {0};
	struct err err = {0};
	int fewer[FUNCTIONS] = {0};
	struct profile p, q;
	double roots = 0;
	struct diff d;
	struct tree t;
	struct diff_side *nodes;

	fewer[0] = 914;
	make(&p, usual, 1);
	make(&q, fewer, 2);
	assert_int_equal(diff_open(&d, &p, &q, &o, &err), 0);
	assert_true(d.scale < 0.4 && d.base == 914 && d.new == 914);
	for (int i = 0; i < FUNCTIONS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "f%d", i);
		assert_true(fabs((double)row(&d, name)->self.base - usual[i] * d.scale) <= 0.5);
	}
	assert_int_equal(d.v.total, d.base + d.new);
	tree_build(&t, &d.v, &(const struct tree_options){0});
	nodes = diff_nodes(&d, &t);
	for (size_t i = 0; i < t.n; i++)
		roots += t.nodes[i].parent == NO_ID ? nodes[i].base : 0;
	assert_true(fabs(roots - d.base) < 0.5);
	free(nodes);
	tree_release(&t);
	diff_release(&d);
	profile_release(&p);
	profile_release(&q);
}

static void few_counts_are_exact(void **state)
{
	const struct counted none = {0, 100, 1}, five = {5, 100, 1}, ten = {10, 100, 1};
	const double calm[] = {10, 10, 10, 10}, all[] = {100, 100, 100, 100};
	const double wild[] = {0, 40, 0, 40};

	/* Binomial of 5 at one half: 2/32. */
	assert_true(fabs(same_share_p(&none, &five) - 0.0625) < 1e-9);
	assert_true(fabs(same_share_p(&none, &ten) - 2.0 / 1024) < 1e-9);
	assert_true(same_share_p(&five, &five) == 1);
	assert_true(overdispersion_of(calm, all, 4) == 1);
	assert_true(overdispersion_of(wild, all, 4) > 20);
}

static void callers_add_up(void **state)
{
	struct view_options o = {0};
	struct err err = {0};
	struct profile p;
	struct view v;
	struct peeks peeks;
	uint8_t *all;

	make(&p, usual, 3);
	assert_int_equal(view_open(&v, &p, &o, &err), 0);
	view_count(&v);
	all = functions_matching(&v, ".", &err);
	peek_find(&peeks, &v, all);
	assert_int_equal(peeks.n, FUNCTIONS);
	for (size_t i = 0; i < peeks.n; i++) {
		const struct function *f = &v.functions[peeks.all[i].function];
		int64_t callers = 0;

		for (size_t k = 0; k < peeks.all[i].n_callers; k++)
			callers += peeks.all[i].callers[k].weight;
		assert_int_equal(callers, f->total);
		for (size_t k = 0; k < peeks.all[i].n_callees; k++)
			assert_true(peeks.all[i].callees[k].weight <= f->total);
	}
	peek_release(&peeks);
	free(all);
	assert_null(functions_matching(&v, "(", &err));
	view_release(&v);
	profile_release(&p);
}

static void lines_add_up(void **state)
{
	struct view_options o = {0};
	struct err err = {0};
	struct profile p;
	struct view v;
	struct line_weights l;
	uint8_t *all;
	int64_t lines = 0;

	make(&p, usual, 4);
	assert_int_equal(view_open(&v, &p, &o, &err), 0);
	view_count(&v);
	all = functions_matching(&v, ".", &err);
	line_weights_find(&l, &v, all);
	assert_int_equal(l.n_lines, FUNCTIONS); /* each has one line, and address 0 */
	assert_int_equal(l.n_code, FUNCTIONS);
	for (size_t i = 0; i < FUNCTIONS; i++) {
		lines += l.lines[i].self;
		assert_int_equal(line_weights_code(&l, l.lines[i].function)->offset, 0);
		assert_int_equal(l.lines[i].total, v.functions[l.lines[i].function].total);
	}
	assert_int_equal(lines, v.total);
	line_weights_release(&l);
	free(all);
	view_release(&v);
	profile_release(&p);
}

/* A function that calls itself, sampled at a call: the leaf stands at the instruction's beginning,
 * its callers within it, and all are one instruction, which the sample counts for once. */
static void an_instruction_counts_once(void **state)
{
	struct instruction rows[] = {{.offset = 0x10}, {.offset = 0x15}, {.offset = 0x18}};
	const struct code code = {rows, ARRAY_SIZE(rows), ARRAY_SIZE(rows)};
	static const uint64_t addresses[] = {0x18, 0x14, 0x11, 0x10};
	auto_free struct code_weight *weights = NULL;
	struct view_options o = {0};
	struct err err = {0};
	struct line_weights l;
	struct profile p;
	struct view v;
	stack_id stack = NO_ID;
	int64_t value = 7;
	uint8_t all[] = {1};

	(void)state;
	profile_init(&p);
	profile_add_type(&p, "samples", "count");
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		struct frame f = {.mapping = NO_ID, .inner = NO_ID, .named = true};

		f.address = addresses[i];
		f.function = f.system_name = strings_add(&p.strings, "f");
		stack = stacks_push(&p.stacks, stack, profile_add_frame(&p, &f));
	}
	profile_add_sample(&p, stack, profile_add_labels(&p, NULL, 0), &value);
	assert_int_equal(view_open(&v, &p, &o, &err), 0);
	line_weights_find(&l, &v, all);
	assert_int_equal(line_weights_code(&l, 0)->offset, 0x10);
	weights = code_weights(&v, 0, &code);
	assert_int_equal(weights[0].self, 7);
	assert_int_equal(weights[0].total, 7);
	assert_int_equal(weights[1].total, 0);
	assert_int_equal(weights[2].self, 0);
	assert_int_equal(weights[2].total, 7);
	line_weights_release(&l);
	view_release(&v);
	profile_release(&p);
}

/* A part of the time, and the rest: together all. */
static void ranges_add_up(void **state)
{
	struct view_options o = {.in_range = true};
	struct err err = {0};
	struct profile p;
	struct timeline t;
	struct view v;
	int64_t sum = 0;

	make(&p, usual, 5);
	assert_true(timeline_find(&t, &p));
	assert_int_equal(t.block_ns, 1000000);
	assert_int_equal(timeline_blocks(&t), 40);
	for (int part = 0; part < 4; part++) {
		o.start_ns = t.start_ns + part * 10 * t.block_ns;
		o.end_ns = o.start_ns + 10 * t.block_ns;
		assert_int_equal(view_open(&v, &p, &o, &err), 0);
		assert_true(v.total > 0);
		sum += v.total;
		view_release(&v);
	}
	assert_int_equal(sum, 2286);
	profile_release(&p);
	profile_init(&p);
	profile_add_type(&p, "samples", "count");
	assert_true(view_open(&v, &p, &o, &err) < 0);
	assert_non_null(strstr(err.cure, "--timeline"));
	view_release(&v);
	profile_release(&p);
}

TESTS(T(a_profile_does_not_differ_from_itself), T(chance_is_no_change), T(many_small_stacks_add_up),
      T(a_change_is_found_and_scaled), T(few_counts_are_exact), T(callers_add_up), T(lines_add_up),
      T(an_instruction_counts_once), T(ranges_add_up))
