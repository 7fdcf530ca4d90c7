/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Groups by their share, and what each runs most. */
#include "tui/tab_groups.h"

#include "analysis/columns.h"
#include "base/mem.h"
#include "base/sum.h"

#include <stdlib.h>
#include <string.h>

enum { RUNS = 2 }; /* functions shown of each */

/* Of a group, and its heaviest functions by self. */
struct group {
	uint32_t function;
	int64_t total;
	uint32_t runs[RUNS]; /* NO_ID: none */
	int64_t weights[RUNS];
};

struct list {
	struct group *all;
	size_t n;
};

static void add_run(struct group *g, uint32_t function, int64_t weight)
{
	for (int i = 0; i < RUNS; i++) {
		if (g->runs[i] != NO_ID && weight <= g->weights[i])
			continue;
		for (int k = RUNS - 1; k > i; k--) {
			g->runs[k] = g->runs[k - 1];
			g->weights[k] = g->weights[k - 1];
		}
		g->runs[i] = function;
		g->weights[i] = weight;
		return;
	}
}

static int tab_groups_heaviest_first(const void *x, const void *y)
{
	const struct group *a = x, *b = y;

	if (a->total != b->total)
		return a->total < b->total ? 1 : -1;
	return a->function < b->function ? -1 : 1;
}

/* The leaf function of an origin. */
static uint32_t leaf_of(const struct view *v, const struct origin *o)
{
	frame_id f = o->stack == NO_ID ? NO_ID : stacks_item(&v->p->stacks, o->stack);

	return f == NO_ID ? NO_ID : v->chain[v->chain_at[f + 1] - 1];
}

static struct list tab_groups_find(const struct view *v)
{
	struct map64 sums auto_release(map64_release) = {0};
	auto_free uint32_t *place = mem_array(v->n_functions, sizeof(*place)); /* + 1 */
	struct list list = {.all = mem_array(v->groups.n, sizeof(*list.all))};
	uint64_t key, known;
	size_t cursor = 0;

	for (size_t i = 0; i < v->n_origins; i++) {
		const struct origin *o = &v->origins[i];
		uint32_t leaf = leaf_of(v, o);

		if (o->group == NO_ID)
			continue;
		if (!place[o->group]) {
			list.all[list.n] = (struct group){o->group, 0, {NO_ID, NO_ID}, {0}};
			place[o->group] = (uint32_t)++list.n;
		}
		sum_add(&list.all[place[o->group] - 1].total, o->weight);
		if (leaf == NO_ID)
			continue;
		key = (uint64_t)o->group << 32 | leaf;
		map64_set(&sums, key,
			  (map64_find(&sums, key, &known) ? known : 0) + (uint64_t)o->weight);
	}
	while (map64_next(&sums, &cursor, &key, &known))
		add_run(&list.all[place[key >> 32] - 1], (uint32_t)key, (int64_t)known);
	if (list.n)
		qsort(list.all, list.n, sizeof(*list.all), tab_groups_heaviest_first);
	return list;
}

/* Those that the search leaves. */
static struct list tab_groups_listed(struct screen *s, const struct view *v)
{
	struct list list = v ? tab_groups_find(v) : (struct list){0};
	size_t n = 0;

	for (size_t i = 0; i < list.n; i++)
		if (!s->found || is_found(s, v->functions[list.all[i].function].name))
			list.all[n++] = list.all[i];
	list.n = n;
	return list;
}

static void draw_runs(struct grid *g, int row, int col, const struct view *v,
		      const struct group *group)
{
	for (int i = 0; i < RUNS && group->runs[i] != NO_ID; i++) {
		const struct function *f = &v->functions[group->runs[i]];

		col = grid_printf(g, row, col, function_style(f), "%s %.0f %%  ", f->name,
				  percent_of(group->weights[i], group->total));
	}
}

void groups_draw(struct screen *s, struct grid *g, int top, int room, enum tab_id tab, int which,
		 const char *title)
{
	const struct view *v = model_groups(&s->model, which);
	struct list list = tab_groups_listed(s, v);
	struct rows *r = &s->rows[tab];
	int names = MAX(MIN(g->cols / 3, 36), 16);
	char value[COLUMN_TEXT];

	grid_style_row(g, top, STYLE_HEADER);
	grid_printf(g, top, 0, STYLE_HEADER, "SHARE %%       TIME  %-*s RUNS", names, title);
	rows_fit(r, (uint32_t)list.n, room);
	for (uint32_t i = r->first; i < list.n && (int)(i - r->first) < room; i++) {
		const struct group *group = &list.all[i];
		int row = top + 1 + (int)(i - r->first);

		grid_printf(g, row, 0, STYLE_PLAIN, "%7.2f %10s",
			    percent_of(group->total, v->whole),
			    format_value(group->total, v->unit, value));
		grid_text(g, row, 20, names, STYLE_PLAIN, v->functions[group->function].name);
		draw_runs(g, row, 21 + names, v, group);
		if (i == r->selected)
			grid_style_row(g, row, STYLE_SELECTED);
	}
	if (!list.n)
		grid_text(g, top + 2, 2, g->cols - 2, STYLE_DIM,
			  s->found ? "nothing matches the filter"
				   : "the profile does not say whose samples these are");
	free(list.all);
}

bool groups_act(struct screen *s, enum action a, enum tab_id tab, int which)
{
	const struct view *v;
	struct list list;
	uint32_t selected = s->rows[tab].selected;

	if (rows_act(&s->rows[tab], a))
		return true;
	if (a != ACTION_ENTER)
		return false;
	v = model_groups(&s->model, which);
	list = tab_groups_listed(s, v);
	if (selected < list.n)
		screen_only(s, which == MODEL_PROCESSES ? BY_PID : BY_TID,
			    v->functions[list.all[selected].function].name);
	free(list.all);
	return true;
}
