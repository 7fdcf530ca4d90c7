/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In every view the sums agree with the samples: functions, trees either way round, cut or whole.
 */
#include "unit/test.h"

#include "analysis/statistics.h"
#include "analysis/tree.h"
#include "base/mem.h"

#include <math.h>
#include <stdio.h>

static frame_id frame(struct profile *p, const char *name)
{
	struct frame f = {.mapping = NO_ID, .inner = NO_ID, .named = true};

	f.function = f.system_name = strings_add(&p->strings, name);
	return profile_add_frame(p, &f);
}

/*
 *   main ─ work ─ leaf    3 (pid 1)     main ─ work ─ work ─ leaf  2 (pid 2)
 *        └ do_it          4 (pid 1)
 */
static void make(struct profile *p)
{
	struct label l[2] = {{0}};
	int64_t v[2];
	labels_id one, two;
	stack_id main_, work, again;

	profile_init(p);
	profile_add_type(p, "samples", "count");
	profile_add_type(p, "cpu", "nanoseconds");
	p->default_type = 1;
	l[0].key = strings_add(&p->strings, "pid");
	l[1].key = strings_add(&p->strings, "process");
	l[1].text = strings_add(&p->strings, "prog");
	l[0].number = 1;
	one = profile_add_labels(p, l, 2);
	l[0].number = 2;
	two = profile_add_labels(p, l, 2);
	main_ = stacks_push(&p->stacks, NO_ID, frame(p, "main"));
	work = stacks_push(&p->stacks, main_, frame(p, "work"));
	again = stacks_push(&p->stacks, work, frame(p, "work"));
	v[0] = 4, v[1] = 40;
	profile_add_sample(p, stacks_push(&p->stacks, main_, frame(p, "do_it")), one, v);
	v[0] = 3, v[1] = 30;
	profile_add_sample(p, stacks_push(&p->stacks, work, frame(p, "leaf")), one, v);
	v[0] = 2, v[1] = 20;
	profile_add_sample(p, stacks_push(&p->stacks, again, frame(p, "leaf")), two, v);
}

static const struct function *function(const struct view *v, const char *name)
{
	for (size_t i = 0; i < v->n_functions; i++)
		if (strcmp(v->functions[i].name, name) == 0)
			return &v->functions[i];
	fail_msg("no function %s", name);
	return NULL;
}

static void sums_and_recursion(void **state)
{
	struct view_options o = {.count = true};
	struct err err = {0};
	struct profile p;
	struct view v;

	make(&p);
	assert_int_equal(view_open(&v, &p, &o, &err), 0);
	view_count(&v);
	assert_int_equal(v.total, 9);
	assert_int_equal(v.samples, 9);
	assert_int_equal(function(&v, "main")->total, 9);
	assert_int_equal(function(&v, "main")->self, 0);
	assert_int_equal(function(&v, "work")->total, 5); /* recursion counts once */
	assert_int_equal(function(&v, "leaf")->self, 5);
	view_release(&v);
	o.focus = "^work$";
	o.by = BY_PID;
	assert_int_equal(view_open(&v, &p, &o, &err), 0);
	view_count(&v);
	assert_int_equal(v.total, 5);
	assert_int_equal(function(&v, "prog-2")->total, 2);
	view_release(&v);
	o.focus = NULL;
	o.ignore = "work";
	o.count = false;
	assert_int_equal(view_open(&v, &p, &o, &err), 0);
	assert_int_equal(v.total, 40);
	assert_string_equal(v.unit, "nanoseconds");
	view_release(&v);
	o.ignore = "(";
	assert_true(view_open(&v, &p, &o, &err) < 0);
	view_release(&v);
	o = (struct view_options){.value = "nothing"};
	assert_true(view_open(&v, &p, &o, &err) < 0);
	assert_non_null(strstr(err.cure, "samples, cpu"));
	view_release(&v);
	profile_release(&p);
}

/* Many stacks over few functions, some of them inlined, some empty, in no order. */
static void make_random(struct profile *p, unsigned seed, int samples)
{
	frame_id frames[40];
	uint32_t random = seed;
	char name[16];

	profile_init(p);
	profile_add_type(p, "samples", "count");
	for (unsigned i = 0; i < ARRAY_SIZE(frames); i++) {
		struct frame f = {.mapping = NO_ID, .inner = NO_ID, .address = i};

		snprintf(name, sizeof(name), "f%u", i % 13);
		f.function = strings_add(&p->strings, name);
		f.inlined = i < 10;
		f.inner = i >= 30 ? frames[i - 30] : NO_ID;
		frames[i] = profile_add_frame(p, &f);
	}
	for (int i = 0; i < samples; i++) {
		stack_id stack = NO_ID;
		int64_t one = 1 + i % 5;

		random = random * 1664525 + 1013904223;
		for (unsigned depth = random >> 28; depth-- > 0;) {
			random = random * 1664525 + 1013904223;
			stack = stacks_push(&p->stacks, stack, frames[10 + (random >> 16) % 30]);
		}
		profile_add_sample(p, stack, profile_add_labels(p, NULL, 0), &one);
	}
}

static void check_tree(const struct view *v, const struct tree_options *o)
{
	struct children c;
	struct tree t;
	int64_t sum;
	size_t seen = 0;

	tree_build(&t, v, o);
	sum = t.self + t.cut;
	for (size_t i = 0; i < t.n; i++) {
		int64_t below = 0;

		assert_true(t.nodes[i].parent == NO_ID || t.nodes[i].parent < i);
		sum += t.nodes[i].self + t.nodes[i].cut;
		for (size_t k = i + 1; k < t.n; k++)
			below += t.nodes[k].parent == i ? t.nodes[k].total : 0;
		assert_int_equal(t.nodes[i].total, t.nodes[i].self + t.nodes[i].cut + below);
		if (!o->least)
			assert_int_equal(t.nodes[i].cut, 0);
		assert_true(t.nodes[i].total >= (int64_t)(t.least * (double)t.total));
	}
	assert_int_equal(sum, v->total);
	assert_int_equal(t.total, v->total);
	if (o->most)
		assert_true(t.n <= o->most && t.n >= o->most - o->most / 10);
	children_find(&c, &t, v, CHILDREN_BY_WEIGHT);
	for (size_t i = 0; i <= t.n; i++)
		for (uint32_t k = c.at[i]; k < c.at[i + 1]; k++, seen++) {
			assert_int_equal(t.nodes[c.nodes[k]].parent, i ? i - 1 : NO_ID);
			if (k > c.at[i])
				assert_true(t.nodes[c.nodes[k - 1]].total >=
					    t.nodes[c.nodes[k]].total);
		}
	assert_int_equal(seen, t.n);
	children_release(&c);
	tree_release(&t);
}

static void every_view_adds_up(void **state)
{
	const struct tree_options trees[] = {{0},
					     {.inverted = true},
					     {.least = 0.01},
					     {.least = 0.01, .inverted = true},
					     {.least = 1e-9, .most = 100},
					     {.least = 2}};
	struct view_options o = {.count = true};
	struct err err = {0};
	struct profile p;
	struct view v;

	for (unsigned seed = 1; seed < 4; seed++) {
		int64_t self = 0, empty = 0;

		make_random(&p, seed, 3000);
		assert_int_equal(view_open(&v, &p, &o, &err), 0);
		view_count(&v);
		for (size_t i = 0; i < p.n_samples; i++)
			empty += p.samples[i].stack == NO_ID ? p.values[i] : 0;
		for (size_t i = 0; i < v.n_functions; i++) {
			assert_true(v.functions[i].self <= v.functions[i].total);
			self += v.functions[i].self;
		}
		assert_int_equal(self + empty, v.total);
		for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
			check_tree(&v, &trees[i]);
		view_release(&v);
		profile_release(&p);
	}
}

/* So many that threads share the work: the same as what is counted here, stack by stack. */
static void many_stacks_add_up(void **state)
{
	const struct tree_options trees[] = {{.least = 0.002}, {.least = 0.002, .inverted = true}};
	struct view_options o = {.count = true};
	struct path path auto_release(path_release) = {0};
	struct err err = {0};
	struct profile p;
	struct view v;
	int64_t *self, *total;

	(void)state;
	make_random(&p, 5, 60000);
	assert_int_equal(view_open(&v, &p, &o, &err), 0);
	assert_true(v.n_origins > 20000);
	view_count(&v);
	self = mem_array(v.n_functions, sizeof(*self));
	total = mem_array(v.n_functions, sizeof(*total));
	for (size_t i = 0; i < p.n_samples; i++) {
		bool seen[64] = {false};

		view_path(&v, p.samples[i].stack, &path);
		for (size_t k = 0; k < path.n; k++) {
			total[path.functions[k]] += seen[path.functions[k]] ? 0 : p.values[i];
			self[path.functions[k]] += k ? 0 : p.values[i];
			seen[path.functions[k]] = true;
		}
	}
	for (size_t i = 0; i < v.n_functions; i++) {
		assert_int_equal(v.functions[i].self, self[i]);
		assert_int_equal(v.functions[i].total, total[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
		check_tree(&v, &trees[i]);
	free(self);
	free(total);
	view_release(&v);
	profile_release(&p);
}

static void intervals_and_p_values(void **state)
{
	double low, high, p[] = {0.01, 0.04, 0.03, 0.5};

	/* Newcombe 1998, table I: 81 of 263. */
	assert_true(share_interval(81.0 / 263, 263, &low, &high));
	assert_true(fabs(low - 0.2553) < 5e-5 && fabs(high - 0.3662) < 5e-5);
	assert_true(share_interval(0, 29, &low, &high));
	assert_true(low == 0 && fabs(high - 0.1170) < 5e-5);
	assert_false(share_interval(0.5, 0, &low, &high));
	assert_false(share_interval(-0.1, 10, &low, &high));
	assert_true(fabs(normal_p(1.959964) - 0.05) < 1e-6);
	adjust_p(p, 4);
	assert_true(fabs(p[0] - 0.04) < 1e-12 && fabs(p[1] - 0.04 * 4 / 3) < 1e-12);
	assert_true(fabs(p[2] - 0.04 * 4 / 3) < 1e-12 && p[3] == 0.5);
}

TESTS(T(sums_and_recursion), T(every_view_adds_up), T(many_stacks_add_up),
      T(intervals_and_p_values))
