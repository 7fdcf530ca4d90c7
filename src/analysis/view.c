/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A view of a profile. */
#include "analysis/view.h"

#include "analysis/timeline.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/regex.h"
#include "base/sort.h"
#include "base/str.h"
#include "base/sum.h"
#include "base/thread.h"
#include "profile/values.h"

#include <errno.h>
#include <string.h>

/* How far back equal origins are looked for; one that is missed is only one more. */
enum { LOOK_BACK = 8 };

uint32_t profile_value_index(const struct profile *p, const struct view_options *o, struct err *err)
{
	struct str names auto_release(str_release) = {0};
	uint32_t column;

	if (!p->n_types) {
		err_set(err, -EINVAL, "the profile has no values");
		return NO_ID;
	}
	if (!o->value)
		return o->count ? value_folded(p, (uint32_t)p->default_type)
				: (uint32_t)p->default_type;
	column = value_column(p, o->value);
	if (column != NO_ID)
		return column;
	for (uint32_t i = 0; i < p->n_types; i++)
		str_printf(&names, "%s%s", i ? ", " : "", profile_text(p, p->types[i].type));
	err_usage(err, "the profile has no value '%s'", o->value);
	err_cure(err, "it has %s", names.text);
	return NO_ID;
}

/* -- functions -- */

static bool function_equal(const void *ctx, uint32_t id, const void *key)
{
	const struct function *a = &((const struct view *)ctx)->functions[id], *b = key;

	/* Names are interned: equal ones are one pointer. */
	return a->name == b->name && a->kind == b->kind && a->inlined == b->inlined &&
	       str_equal(a->module, b->module);
}

static uint32_t function_add(struct view *v, const struct function *f)
{
	array_reserve(v->functions, v->cap_functions, v->n_functions + 1);
	v->functions[v->n_functions] = *f;
	return (uint32_t)v->n_functions++;
}

static uint32_t view_function_of(struct view *v, struct map *known, const struct frame *f)
{
	struct function fn = {.kind = f->kind, .inlined = f->inlined, .named = f->named};
	uint64_t hash;
	uint32_t id;

	fn.name = profile_text(v->p, f->function);
	fn.module = profile_module(v->p, f);
	hash = hash_u64((uintptr_t)fn.name) ^ hash_bytes(fn.module, strlen(fn.module)) ^
	       hash_u64((uint64_t)fn.kind << 8 | fn.inlined);
	id = map_find(known, hash, function_equal, v, &fn);
	if (id == NO_ID) {
		id = function_add(v, &fn);
		map_add(known, hash, id);
	}
	return id;
}

/* The functions of every frame that stacks hold. */
static void make_chains(struct view *v)
{
	const struct profile *p = v->p;
	auto_free uint32_t *own = mem_array(p->n_frames, sizeof(*own));
	auto_free bool *is_item = mem_array(p->n_frames, sizeof(*is_item));
	struct map known auto_release(map_release) = {0};
	size_t n = 0, cap = p->n_frames;

	v->chain_at = mem_array(p->n_frames + 1, sizeof(*v->chain_at));
	v->chain = mem_array(cap, sizeof(*v->chain));
	stacks_each(&p->stacks, i) is_item[stacks_item(&p->stacks, i)] = true;
	for (frame_id f = 0; f < p->n_frames; f++)
		own[f] = view_function_of(v, &known, &p->frames[f]);
	for (frame_id f = 0; f < p->n_frames; f++) {
		v->chain_at[f] = (uint32_t)n;
		for (frame_id i = is_item[f] ? f : NO_ID; i != NO_ID; i = p->frames[i].inner) {
			array_reserve(v->chain, cap, n + 1);
			v->chain[n++] = own[i];
		}
	}
	v->chain_at[p->n_frames] = (uint32_t)n;
}

/* -- which samples -- */

enum { FOCUSED = 1, IGNORED = 2 };

/* Which of `focus` and `ignore` the functions of each frame match. */
static int mark_frames(const struct view *v, const struct view_options *o, uint8_t *frames,
		       struct err *err)
{
	const char *patterns[] = {o->focus, o->ignore};
	auto_free uint8_t *hit = mem_alloc(v->n_functions);

	for (unsigned i = 0; i < ARRAY_SIZE(patterns); i++) {
		struct regex *re = patterns[i] ? regex_new(patterns[i], err) : NULL;

		if (!re && patterns[i])
			return err->code;
		for (size_t f = 0; re && f < v->n_functions; f++)
			hit[f] |= regex_matches(re, v->functions[f].name) ? 1u << i : 0;
		regex_free(re);
	}
	for (size_t f = 0; f < v->p->n_frames; f++)
		for (uint32_t c = v->chain_at[f]; c < v->chain_at[f + 1]; c++)
			frames[f] |= hit[v->chain[c]];
	return 0;
}

/* The marks of all frames of each stack (heap; NULL: there is no filter). */
static int mark_stacks(const struct view *v, const struct view_options *o, uint8_t **ret,
		       struct err *err)
{
	const struct stacks *s = &v->p->stacks;
	auto_free uint8_t *frames = NULL;
	uint8_t *marks;

	*ret = NULL;
	if (!o->focus && !o->ignore)
		return 0;
	frames = mem_alloc(v->p->n_frames);
	if (mark_frames(v, o, frames, err))
		return err->code;
	marks = *ret = mem_alloc(s->n);
	stacks_each(s, n)
	{
		stack_id parent = stacks_parent(s, n);

		marks[n] = (uint8_t)(frames[stacks_item(s, n)] |
				     (parent == NO_ID ? 0 : marks[parent]));
	}
	return 0;
}

static bool is_kept(const struct view_options *o, const uint8_t *marks, stack_id stack)
{
	uint8_t mark = marks && stack != NO_ID ? marks[stack] : 0;

	return (!o->focus || mark & FOCUSED) && !(mark & IGNORED);
}

/* Samples (heap) in the order of their stacks; NULL: they are. */
static uint64_t *order_by_stack(const struct profile *p)
{
	uint64_t *order;
	size_t i = 1;

	while (i < p->n_samples && p->samples[i - 1].stack + 1 <= p->samples[i].stack + 1)
		i++;
	if (i >= p->n_samples)
		return NULL;
	order = mem_array(p->n_samples, sizeof(*order));
	for (i = 0; i < p->n_samples; i++)
		order[i] = (uint64_t)(p->samples[i].stack + 1) << 32 | i;
	qsort(order, p->n_samples, sizeof(*order), compare_u64);
	return order;
}

static uint32_t origin_of(struct view *v, stack_id stack, uint32_t group)
{
	for (size_t i = v->n_origins; i-- > 0 && i + LOOK_BACK >= v->n_origins;)
		if (v->origins[i].stack == stack && v->origins[i].group == group)
			return (uint32_t)i;
	array_reserve(v->origins, v->cap_origins, v->n_origins + 1);
	v->origins[v->n_origins] = (struct origin){stack, group, 0};
	return (uint32_t)v->n_origins++;
}

/* The group of a sample as a function. */
static uint32_t group_function(struct view *v, uint32_t **functions, labels_id labels)
{
	struct function fn = {.module = "", .kind = FRAME_NOTE, .named = true, .is_group = true};
	size_t had = v->groups.n;
	uint32_t group = groups_find(&v->groups, labels);

	if (group == NO_ID)
		return NO_ID;
	if (v->groups.n > had) {
		*functions = mem_resize(*functions, v->groups.n, sizeof(**functions));
		fn.name = v->groups.names[group];
		(*functions)[group] = function_add(v, &fn);
	}
	return (*functions)[group];
}

static bool is_group(struct groups *g, labels_id labels, const char *name)
{
	uint32_t group = groups_find(g, labels);

	return group != NO_ID && str_equal(g->names[group], name);
}

static void add_origins(struct view *v, const struct view_options *o, const uint8_t *marks)
{
	const struct profile *p = v->p;
	auto_free uint64_t *order = order_by_stack(p);
	auto_free uint32_t *group_functions = NULL;
	struct groups only auto_release(groups_release) = {0};
	struct timeline times;
	bool timed = o->in_range && timeline_find(&times, p);
	int64_t samples = 0;

	if (o->only)
		groups_init(&only, p, o->only_by);
	v->origin_of = mem_array(p->n_samples, sizeof(*v->origin_of));
	for (size_t k = 0; k < p->n_samples; k++) {
		size_t i = order ? order[k] & UINT32_MAX : k;
		const struct sample *s = &p->samples[i];
		int64_t weight = p->values[i * p->n_types + v->value], time_ns;
		uint32_t origin;

		v->origin_of[i] = NO_ID;
		if ((!weight && !o->keeps_zeros) || !is_kept(o, marks, s->stack))
			continue;
		if (o->in_range && (!timed || !timeline_sample(&times, i, &time_ns) ||
				    time_ns <= o->start_ns || time_ns > o->end_ns))
			continue;
		if (o->only && !is_group(&only, s->labels, o->only))
			continue;
		origin = origin_of(v, s->stack, group_function(v, &group_functions, s->labels));
		v->origin_of[i] = origin;
		sum_add(&v->origins[origin].weight, weight);
		sum_add(&v->total, weight);
		sum_add(&v->whole, weight < 0 ? -MAX(weight, -INT64_MAX) : weight);
		if (v->counts != NO_ID)
			sum_add(&samples, p->values[i * p->n_types + v->counts]);
	}
	/* Shares of what has signs have no intervals. */
	v->samples = samples > 0 && v->whole == v->total ? (uint64_t)samples : 0;
}

int view_open(struct view *v, const struct profile *p, const struct view_options *o,
	      struct err *err)
{
	auto_free uint8_t *marks = NULL;
	struct timeline times;

	*v = (struct view){.p = p, .value = profile_value_index(p, o, err)};
	if (v->value == NO_ID)
		return err->code;
	if (o->in_range && timeline_require(&times, p, err))
		return err->code;
	v->counts = value_counts(p, v->value);
	v->type = profile_text(p, p->types[v->value].type);
	v->unit = profile_text(p, p->types[v->value].unit);
	groups_init(&v->groups, p, o->by);
	make_chains(v);
	if (mark_stacks(v, o, &marks, err))
		return err->code;
	add_origins(v, o, marks);
	return 0;
}

void view_release(struct view *v)
{
	free(v->functions);
	free(v->chain_at);
	free(v->chain);
	free(v->origins);
	free(v->origin_of);
	groups_release(&v->groups);
	*v = (struct view){0};
}

/* -- paths and sums -- */

void path_release(struct path *path)
{
	free(path->functions);
	*path = (struct path){0};
}

void view_path(const struct view *v, stack_id stack, struct path *ret)
{
	const struct stacks *stacks = &v->p->stacks;

	ret->n = 0;
	for (; stack != NO_ID; stack = stacks_parent(stacks, stack)) {
		frame_id f = stacks_item(stacks, stack);
		uint32_t first = v->chain_at[f], end = v->chain_at[f + 1];

		array_reserve(ret->functions, ret->cap, ret->n + end - first);
		while (end-- > first)
			ret->functions[ret->n++] = v->chain[end];
	}
}

/* What a part of the origins adds to the functions. */
struct sums {
	int64_t *self, *total;
	uint32_t *counted; /* the origin + 1 that was last added to the total */
};

/* From the leaf to the root, each function once. */
static void count_origin(const struct view *v, uint32_t i, struct sums *sums)
{
	const struct stacks *stacks = &v->p->stacks;
	const struct origin *o = &v->origins[i];
	uint32_t leaf = NO_ID;

	for (stack_id s = o->stack; s != NO_ID; s = stacks_parent(stacks, s)) {
		frame_id frame = stacks_item(stacks, s);

		for (uint32_t k = v->chain_at[frame + 1]; k-- > v->chain_at[frame];) {
			uint32_t f = v->chain[k];

			leaf = leaf == NO_ID ? f : leaf;
			if (sums->counted[f] != i + 1)
				sum_add(&sums->total[f], o->weight);
			sums->counted[f] = i + 1;
		}
	}
	leaf = leaf == NO_ID ? o->group : leaf;
	if (leaf != NO_ID)
		sum_add(&sums->self[leaf], o->weight);
	if (o->group != NO_ID)
		sum_add(&sums->total[o->group], o->weight);
}

struct counting {
	const struct view *v;
	bool all; /* groups */
	uint32_t group;
	struct sums sums[MAX_PARTS];
};

static void count_part(void *ctx, unsigned part, size_t from, size_t to)
{
	struct counting *c = ctx;
	struct sums *sums = &c->sums[part];

	sums->self = mem_array(c->v->n_functions, sizeof(*sums->self));
	sums->total = mem_array(c->v->n_functions, sizeof(*sums->total));
	sums->counted = mem_array(c->v->n_functions, sizeof(*sums->counted));
	for (size_t i = from; i < to; i++)
		if (c->all || c->v->origins[i].group == c->group)
			count_origin(c->v, (uint32_t)i, sums);
}

static void view_count_functions(struct view *v, bool all, uint32_t group)
{
	struct counting c = {.v = v, .all = all, .group = group};
	unsigned parts = thread_parts(v->n_origins, LEAST_ORIGINS);

	thread_split(parts, v->n_origins, count_part, &c);
	for (size_t i = 0; i < v->n_functions; i++)
		v->functions[i].self = v->functions[i].total = 0;
	for (unsigned part = 0; part < parts; part++) {
		for (size_t i = 0; i < v->n_functions; i++) {
			sum_add(&v->functions[i].self, c.sums[part].self[i]);
			sum_add(&v->functions[i].total, c.sums[part].total[i]);
		}
		free(c.sums[part].self);
		free(c.sums[part].total);
		free(c.sums[part].counted);
	}
}

void view_count(struct view *v)
{
	view_count_functions(v, true, NO_ID);
}

void view_count_group(struct view *v, uint32_t group)
{
	view_count_functions(v, false, group);
}

/* -- order -- */

struct sorting {
	const struct function *functions;
	enum sort_key key;
};

static int larger_first(int64_t a, int64_t b)
{
	return a > b ? -1 : a < b;
}

static int compare_functions(const void *x, const void *y, void *ctx)
{
	const struct sorting *s = ctx;
	const struct function *a = &s->functions[*(const uint32_t *)x];
	const struct function *b = &s->functions[*(const uint32_t *)y];
	int names = strcmp(a->name, b->name), modules = strcmp(a->module, b->module);
	int self = larger_first(a->self, b->self), total = larger_first(a->total, b->total);
	/* By each in turn, until one tells them apart. */
	int first[] = {[SORT_SELF] = self,
		       [SORT_TOTAL] = total,
		       [SORT_FUNCTION] = names,
		       [SORT_MODULE] = modules};
	int order[] = {first[s->key], self, total, names, modules};

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (order[i])
			return order[i];
	return *(const uint32_t *)x < *(const uint32_t *)y ? -1 : 1;
}

static uint32_t *sorted(const struct view *v, bool groups, enum sort_key key, size_t *ret_n)
{
	uint32_t *order = mem_array(v->n_functions, sizeof(*order));
	struct sorting sorting = {v->functions, key};
	size_t n = 0;

	for (uint32_t i = 0; i < v->n_functions; i++)
		if (v->functions[i].is_group == groups &&
		    (v->functions[i].self || v->functions[i].total))
			order[n++] = i;
	if (n)
		qsort_r(order, n, sizeof(*order), compare_functions, &sorting);
	*ret_n = n;
	return order;
}

uint32_t *view_sorted(const struct view *v, enum sort_key key, size_t *ret_n)
{
	return sorted(v, false, key, ret_n);
}

uint32_t *view_groups_sorted(const struct view *v, size_t *ret_n)
{
	return sorted(v, true, SORT_TOTAL, ret_n);
}
