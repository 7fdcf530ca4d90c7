/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who calls chosen functions, and whom they call. */
#include "analysis/peek.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/regex.h"
#include "base/sort.h"
#include "base/sum.h"

#include <stdlib.h>
#include <string.h>

struct edge {
	uint32_t from, to; /* caller, callee */
	int64_t weight;
	uint32_t counted; /* the last origin, + 1 */
};

/* Edges of one direction, by (caller, callee). */
struct edges {
	struct edge *all;
	size_t n, cap;
	struct map64 at;
};

static void edges_release(struct edges *e)
{
	free(e->all);
	map64_release(&e->at);
}

static void add_edge(struct edges *e, uint32_t from, uint32_t to, uint32_t origin, int64_t weight)
{
	/* NO_ID twice would be the one key that the map cannot hold, and is never asked for. */
	uint64_t key = (uint64_t)from << 32 | to, at;

	if (!map64_find(&e->at, key, &at)) {
		at = e->n;
		array_reserve(e->all, e->cap, e->n + 1);
		e->all[e->n++] = (struct edge){from, to, 0, 0};
		map64_set(&e->at, key, at);
	}
	if (e->all[at].counted == origin + 1)
		return;
	e->all[at].counted = origin + 1;
	sum_add(&e->all[at].weight, weight);
}

uint8_t *functions_matching(const struct view *v, const char *pattern, struct err *err)
{
	struct regex *re = regex_new(pattern, err);
	uint8_t *chosen;

	if (!re)
		return NULL;
	chosen = mem_alloc(v->n_functions);
	for (size_t i = 0; i < v->n_functions; i++)
		chosen[i] = !v->functions[i].is_group && regex_matches(re, v->functions[i].name);
	regex_free(re);
	return chosen;
}

static void peek_add_origin(const struct view *v, uint32_t i, const uint8_t *chosen,
			    struct path *path, uint32_t *counted, struct edges *callers,
			    struct edges *callees)
{
	const struct origin *o = &v->origins[i];

	view_path(v, o->stack, path);
	/* From the root, so that the outermost call comes first. */
	for (size_t k = path->n; k-- > 0;) {
		uint32_t f = path->functions[k], caller = o->group;
		uint32_t callee = k ? path->functions[k - 1] : NO_ID;

		if (!chosen[f])
			continue;
		if (k + 1 < path->n)
			caller = path->functions[k + 1];
		if (counted[f] != i + 1)
			add_edge(callers, caller, f, i, o->weight);
		counted[f] = i + 1;
		if (callee != NO_ID && callee != f)
			add_edge(callees, f, callee, i, o->weight);
	}
}

static int heaviest_edge(const void *x, const void *y)
{
	const struct peek_edge *a = x, *b = y;

	if (a->weight != b->weight)
		return a->weight < b->weight ? 1 : -1;
	return a->function < b->function ? -1 : a->function > b->function;
}

static int by_caller(const void *x, const void *y)
{
	const struct edge *a = x, *b = y;

	return a->from < b->from ? -1 : a->from > b->from;
}

static int by_callee(const void *x, const void *y)
{
	const struct edge *a = x, *b = y;

	return a->to < b->to ? -1 : a->to > b->to;
}

/* The edges of one function (heap); they are in the order of the end that is it. */
static struct peek_edge *edges_of(const struct edges *e, uint32_t f, bool callers, size_t *ret_n)
{
	size_t first = count_before(e->n, i, (callers ? e->all[i].to : e->all[i].from) < f);
	struct peek_edge *list = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = first; i < e->n; i++) {
		const struct edge *edge = &e->all[i];

		if ((callers ? edge->to : edge->from) != f)
			break;
		array_reserve(list, cap, n + 1);
		list[n++] = (struct peek_edge){callers ? edge->from : edge->to, edge->weight};
	}
	if (n)
		qsort(list, n, sizeof(*list), heaviest_edge);
	*ret_n = n;
	return list;
}

void peek_find(struct peeks *p, const struct view *v, const uint8_t *chosen)
{
	struct edges callers auto_release(edges_release) = {0};
	struct edges callees auto_release(edges_release) = {0};
	auto_free uint32_t *counted = mem_array(v->n_functions, sizeof(*counted));
	struct path path auto_release(path_release) = {0};
	size_t n;
	auto_free uint32_t *order = view_sorted(v, SORT_TOTAL, &n);

	*p = (struct peeks){.all = mem_array(n, sizeof(*p->all))};
	for (uint32_t i = 0; i < v->n_origins; i++)
		peek_add_origin(v, i, chosen, &path, counted, &callers, &callees);
	if (callers.n)
		qsort(callers.all, callers.n, sizeof(*callers.all), by_callee);
	if (callees.n)
		qsort(callees.all, callees.n, sizeof(*callees.all), by_caller);
	for (size_t i = 0; i < n; i++) {
		struct peek *one = &p->all[p->n];

		if (!chosen[order[i]])
			continue;
		one->function = order[i];
		one->callers = edges_of(&callers, order[i], true, &one->n_callers);
		one->callees = edges_of(&callees, order[i], false, &one->n_callees);
		p->n++;
	}
}

void peek_release(struct peeks *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->all[i].callers);
		free(p->all[i].callees);
	}
	free(p->all);
	*p = (struct peeks){0};
}
