/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What changed between two profiles. */
#include "analysis/diff.h"

#include "analysis/diff_merge.h"
#include "analysis/statistics.h"
#include "analysis/timeline.h"
#include "base/mem.h"
#include "base/regex.h"
#include "base/str.h"
#include "base/sum.h"

#include <math.h>
#include <string.h>

enum { BLOCKS = 20, LEAST_A_BLOCK = 3 };

#define SIGNIFICANT 0.05
#define RARE        1000.0

/* -- scale -- */

/* The total of all functions that match: of stacks that hold one. */
static int diff_total_of(const struct profile *p, const struct view_options *view,
			 const char *pattern, int64_t *ret, struct err *err)
{
	struct view_options o = *view;
	struct view v;
	int code;

	o.focus = pattern;
	code = view_open(&v, p, &o, err);
	*ret = v.total;
	view_release(&v);
	return code;
}

static int find_scale(struct diff *d, const struct view *base, const struct view *new,
		      const struct diff_options *o, struct err *err)
{
	int64_t b = base->total, n = new->total;

	d->scale = 1;
	d->by_total = !o->raw && !o->normalize;
	if (o->raw)
		return 0;
	if (o->normalize && (diff_total_of(base->p, &o->base, o->normalize, &b, err) ||
			     diff_total_of(new->p, &o->new, o->normalize, &n, err)))
		return err->code;
	if (b <= 0 || n <= 0) {
		err_set(err, 0, "%s has no weight in the %s profile",
			o->normalize ? o->normalize : "nothing that is left",
			b <= 0 ? "base" : "new");
		return err_cure(err, "choose another --normalize, or --normalize none");
	}
	d->scale = (double)n / (double)b;
	return 0;
}

/* -- sums -- */

static void mark_sides(struct diff *d)
{
	const struct profile *p = &d->both;
	string_id side = strings_find(&p->strings, "side"), new = strings_find(&p->strings, "new");

	d->is_new = mem_alloc(p->n_label_sets);
	for (labels_id i = 0; i < p->n_label_sets; i++) {
		const struct label *l = profile_label(p, i, side);

		d->is_new[i] = l && l->text == new;
	}
}

static void add_side(struct diff_side *s, bool is_new, const int64_t *values)
{
	if (is_new)
		sum_add(&s->new, values[DIFF_WEIGHT]);
	else
		s->base += (double)values[DIFF_WEIGHT];
	*(is_new ? &s->new_count : &s->base_count) += (double)values[DIFF_COUNT];
}

static void sum_functions(struct diff *d)
{
	const struct profile *p = &d->both;
	auto_free uint32_t *counted = mem_array(d->v.n_functions, sizeof(*counted));
	struct path path auto_release(path_release) = {0};
	struct diff_side whole = {0};

	d->rows = mem_array(d->v.n_functions, sizeof(*d->rows));
	for (uint32_t i = 0; i < p->n_samples; i++) {
		const int64_t *values = p->values + i * p->n_types;
		bool is_new = d->is_new[p->samples[i].labels];

		add_side(&whole, is_new, values);
		view_path(&d->v, p->samples[i].stack, &path);
		if (path.n)
			add_side(&d->rows[path.functions[0]].self, is_new, values);
		for (size_t k = 0; k < path.n; k++) {
			uint32_t f = path.functions[k];

			if (counted[f] != i + 1)
				add_side(&d->rows[f].total, is_new, values);
			counted[f] = i + 1;
		}
	}
	/* Sums are scaled, and not what they are of: each of that would be rounded. */
	d->base = whole.base * d->scale;
	d->new = whole.new;
	d->base_count = whole.base_count;
	d->new_count = whole.new_count;
	for (uint32_t f = 0; f < d->v.n_functions; f++) {
		d->rows[f].self.base *= d->scale;
		d->rows[f].total.base *= d->scale;
	}
}

/* -- how sure -- */

/* One side's samples by block of time: of all, and of each function's self. */
struct blocks {
	double all[BLOCKS];
	double (*functions)[BLOCKS];
	bool any;
};

static bool time_range(const struct diff *d, bool is_new, int64_t *ret_start, int64_t *ret_end)
{
	struct timeline t;
	int64_t time_ns;

	*ret_start = INT64_MAX;
	*ret_end = INT64_MIN;
	if (!timeline_find(&t, &d->both))
		return false;
	for (size_t i = 0; i < d->both.n_samples; i++) {
		if ((bool)d->is_new[d->both.samples[i].labels] != is_new ||
		    !timeline_sample(&t, i, &time_ns))
			continue;
		*ret_start = MIN(*ret_start, time_ns);
		*ret_end = MAX(*ret_end, time_ns);
	}
	return *ret_end > *ret_start;
}

static void fill_blocks(const struct diff *d, bool is_new, struct blocks *ret)
{
	const struct profile *p = &d->both;
	struct path path auto_release(path_release) = {0};
	int64_t start, end, time_ns;
	struct timeline t;

	*ret = (struct blocks){.functions = mem_array(d->v.n_functions, sizeof(*ret->functions))};
	ret->any = time_range(d, is_new, &start, &end) && timeline_find(&t, p);
	for (size_t i = 0; ret->any && i < p->n_samples; i++) {
		double part, count = (double)p->values[i * p->n_types + DIFF_COUNT];
		size_t block;

		if ((bool)d->is_new[p->samples[i].labels] != is_new ||
		    !timeline_sample(&t, i, &time_ns))
			continue;
		part = (double)(time_ns - start) / (double)(end - start);
		block = MIN((size_t)(part * BLOCKS), (size_t)BLOCKS - 1);
		ret->all[block] += count;
		view_path(&d->v, p->samples[i].stack, &path);
		if (path.n)
			ret->functions[path.functions[0]][block] += count;
	}
}

static int diff_smallest_first(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return a < b ? -1 : a > b;
}

/* Of functions with too few samples to tell: the median of the others. */
static double *estimate(const struct diff *d, const struct blocks *b)
{
	double *of = mem_array(d->v.n_functions, sizeof(*of)), others;
	auto_free double *found = mem_array(d->v.n_functions, sizeof(*found));
	size_t known = 0;

	for (size_t f = 0; f < d->v.n_functions; f++) {
		double samples = 0;

		for (size_t i = 0; i < BLOCKS; i++)
			samples += b->functions[f][i];
		if (!b->any || samples < LEAST_A_BLOCK * BLOCKS)
			continue;
		of[f] = overdispersion_of(b->functions[f], b->all, BLOCKS);
		found[known++] = of[f];
	}
	if (known)
		qsort(found, known, sizeof(*found), diff_smallest_first);
	others = known ? found[known / 2] : 1;
	for (size_t f = 0; f < d->v.n_functions; f++)
		of[f] = of[f] > 0 ? of[f] : others;
	return of;
}

static void judge(const struct diff *d, struct diff_side *s, uint32_t function)
{
	struct counted base = {s->base_count, d->base_count, d->overdispersion[0][function]};
	struct counted new = {s->new_count, d->new_count, d->overdispersion[1][function]};

	s->p = 1;
	s->low = -1;
	s->high = 1;
	if (!d->has_counts)
		return;
	difference_interval(&new, &base, &s->low, &s->high);
	/* What is not a share of the whole is a rate: counts of what was equal but for the scale.
	 */
	if (!d->by_total) {
		base.of = RARE * (d->base_count + d->new_count);
		new.of = base.of * d->scale;
	}
	s->p = same_share_p(&new, &base);
}

static void judge_functions(struct diff *d)
{
	size_t n = d->v.n_functions;
	auto_free double *p = mem_array(2 * n, sizeof(*p));

	for (int side = 0; side < 2; side++) {
		struct blocks b;

		fill_blocks(d, side, &b);
		d->overdispersion[side] = estimate(d, &b);
		d->has_blocks = (side ? d->has_blocks : true) && b.any;
		free(b.functions);
	}
	for (uint32_t f = 0; f < n; f++) {
		judge(d, &d->rows[f].self, f);
		judge(d, &d->rows[f].total, f);
		p[f] = d->rows[f].self.p;
		p[n + f] = d->rows[f].total.p;
	}
	adjust_p(p, n);
	adjust_p(p + n, n);
	for (uint32_t f = 0; f < n; f++) {
		d->rows[f].self.p = p[f];
		d->rows[f].total.p = p[n + f];
	}
}

/* -- all of it -- */

int diff_open(struct diff *d, const struct profile *base, const struct profile *new,
	      const struct diff_options *o, struct err *err)
{
	const struct view_options merged = {.keeps_zeros = true};
	struct view b, n = {0};
	int code;

	*d = (struct diff){0};
	profile_init(&d->both);
	code = view_open(&b, base, &o->base, err);
	code = code ? code : view_open(&n, new, &o->new, err);
	if (!code && !(str_equal(b.type, n.type) && str_equal(b.unit, n.unit)))
		code = err_usage(err, "one profile counts %s (%s), the other %s (%s)", b.type,
				 b.unit, n.type, n.unit);
	code = code ? code : find_scale(d, &b, &n, o, err);
	if (!code) {
		d->has_counts = b.samples && n.samples;
		diff_merge(&d->both, &b, &n, d->scale);
	}
	view_release(&b);
	view_release(&n);
	code = code ? code : view_open(&d->v, &d->both, &merged, err);
	if (code)
		return code;
	mark_sides(d);
	sum_functions(d);
	judge_functions(d);
	return 0;
}

void diff_release(struct diff *d)
{
	view_release(&d->v);
	profile_release(&d->both);
	free(d->rows);
	free(d->is_new);
	free(d->overdispersion[0]);
	free(d->overdispersion[1]);
	*d = (struct diff){0};
}

struct diff_side *diff_nodes(const struct diff *d, const struct tree *t)
{
	const struct profile *p = &d->both;
	struct diff_side *sides = mem_array(t->n, sizeof(*sides));
	auto_free double *ps = mem_array(t->n, sizeof(*ps));

	for (size_t i = 0; i < p->n_samples; i++) {
		uint32_t node = t->place[d->v.origin_of[i] == NO_ID ? 0 : d->v.origin_of[i]];

		if (d->v.origin_of[i] != NO_ID && node != NO_ID)
			add_side(&sides[node], d->is_new[p->samples[i].labels],
				 p->values + i * p->n_types);
	}
	for (size_t i = t->n; i-- > 0;) {
		struct diff_side *up =
			t->nodes[i].parent == NO_ID ? NULL : &sides[t->nodes[i].parent];

		if (up) {
			up->base += sides[i].base;
			sum_add(&up->new, sides[i].new);
			up->base_count += sides[i].base_count;
			up->new_count += sides[i].new_count;
		}
		sides[i].base *= d->scale;
		judge(d, &sides[i], t->nodes[i].function);
		ps[i] = sides[i].p;
	}
	adjust_p(ps, t->n);
	for (size_t i = 0; i < t->n; i++)
		sides[i].p = ps[i];
	return sides;
}

bool diff_is_significant(const struct diff_side *s)
{
	return s->p < SIGNIFICANT;
}

double diff_change(const struct diff_side *s)
{
	double most = MAX(s->base, (double)s->new);

	if (!diff_is_significant(s) || most <= 0)
		return 0;
	return ((double)s->new - s->base) / most;
}

static int diff_largest_first(const void *x, const void *y, void *rows)
{
	const struct diff_row *r = rows;
	const struct diff_side *a = &r[*(const uint32_t *)x].self;
	const struct diff_side *b = &r[*(const uint32_t *)y].self;
	double change_a = fabs((double)a->new - a->base);
	double change_b = fabs((double)b->new - b->base);

	if (diff_is_significant(a) != diff_is_significant(b))
		return diff_is_significant(a) ? -1 : 1;
	if (change_a != change_b)
		return change_a < change_b ? 1 : -1;
	return *(const uint32_t *)x < *(const uint32_t *)y ? -1 : 1;
}

uint32_t *diff_sorted(const struct diff *d, size_t *ret_n)
{
	uint32_t *order = mem_array(d->v.n_functions, sizeof(*order));
	size_t n = 0;

	for (uint32_t f = 0; f < d->v.n_functions; f++)
		if (d->rows[f].total.base || d->rows[f].total.new)
			order[n++] = f;
	if (n)
		qsort_r(order, n, sizeof(*order), diff_largest_first, d->rows);
	*ret_n = n;
	return order;
}
