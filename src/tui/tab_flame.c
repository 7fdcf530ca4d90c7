/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flame graph, drawn downwards (an icicle). */
#include "analysis/columns.h"
#include "analysis/palette.h"
#include "base/mem.h"
#include "base/sum.h"
#include "tui/screen.h"

#include <stdio.h>
#include <string.h>

/* A node on the screen. */
struct box {
	uint32_t node; /* NO_ID: the whole */
	int row, col, width;
};

struct boxes {
	struct box *all;
	size_t n, cap;
};

struct graph {
	const struct view *v;
	const struct tree *t;
	const struct children *c;
	const uint64_t *keys;
	struct boxes boxes;
	uint32_t zoomed, selected; /* NO_ID: the whole */
};

static uint32_t find_node(const struct graph *g, uint64_t key)
{
	for (uint32_t i = 0; key && i < g->t->n; i++)
		if (g->keys[i] == key)
			return i;
	return NO_ID;
}

static bool graph_init(struct graph *g, struct screen *s)
{
	*g = (struct graph){.v = model_view(&s->model)};
	g->t = model_tree(&s->model, s->inverted, &g->c);
	if (!g->t)
		return false;
	g->keys = s->model.keys[s->inverted];
	g->zoomed = find_node(g, s->flame.zoomed);
	g->selected = find_node(g, s->flame.selected);
	return true;
}

static int64_t tab_flame_total_of(const struct graph *g, uint32_t node)
{
	return node == NO_ID ? g->t->total : g->t->nodes[node].total;
}

static void add_box(struct graph *g, uint32_t node, int row, int col, int width)
{
	array_reserve(g->boxes.all, g->boxes.cap, g->boxes.n + 1);
	g->boxes.all[g->boxes.n++] = (struct box){node, row, col, width};
}

/* Weights may be of any sign and size, in files of others. */
static int column_at(int64_t sum, double scale)
{
	return (int)MAX(MIN((double)sum * scale + 0.5, 1e6), 0.0);
}

/* Children in the order of names would jump less, but weight is what one looks for. */
static void lay_out_children(struct graph *g, const struct box *of, int rows)
{
	int64_t whole = tab_flame_total_of(g, of->node), sum = 0;

	if (of->row + 1 >= rows || whole <= 0)
		return;
	for (uint32_t i = g->c->at[of->node + 1]; i < g->c->at[of->node + 2]; i++) {
		uint32_t child = g->c->nodes[i];
		double scale = (double)of->width / (double)whole;
		int from = column_at(sum, scale), to;

		sum_add(&sum, g->t->nodes[child].total);
		to = column_at(sum, scale);
		if (to > from && from < of->width)
			add_box(g, child, of->row + 1, of->col + from, MIN(to, of->width) - from);
	}
}

/* The way to the zoomed node takes the whole width; below it all is to scale. */
static void tab_flame_lay_out(struct graph *g, int rows, int cols)
{
	uint32_t way[64];
	size_t n = 0;
	int row = 0;

	for (uint32_t i = g->zoomed; i != NO_ID && n < ARRAY_SIZE(way); i = g->t->nodes[i].parent)
		way[n++] = i;
	g->boxes.n = 0;
	add_box(g, NO_ID, row, 0, cols);
	/* Where there is not enough room, the last callers. */
	while (n > 1 && (int)n > rows / 2)
		n--;
	while (n)
		add_box(g, way[--n], ++row, 0, cols);
	for (size_t i = g->boxes.n - 1; i < g->boxes.n; i++) {
		struct box b = g->boxes.all[i];

		lay_out_children(g, &b, rows);
	}
}

static const char *tab_flame_name_of(const struct graph *g, uint32_t node)
{
	return node == NO_ID ? "all" : g->v->functions[g->t->nodes[node].function].name;
}

static void draw_box(const struct screen *s, const struct graph *g, struct grid *grid,
		     const struct box *b, int top)
{
	const struct function *f =
		b->node == NO_ID ? NULL : &g->v->functions[g->t->nodes[b->node].function];
	uint32_t colour = f ? function_colour(f) : 0xbebebe;
	int row = top + b->row;

	if (f && is_found(s, f->name))
		colour = 0xff5cff;
	for (int col = 0; col < b->width; col++)
		grid_put(grid, row, b->col + col, ' ', STYLE_BOX);
	grid_put(grid, row, b->col, b->width > 1 ? 0x258f : ' ', STYLE_BOX);
	if (b->width > 2)
		grid_text(grid, row, b->col + 1, b->width - 1, STYLE_BOX,
			  tab_flame_name_of(g, b->node));
	for (int col = 0; col < b->width; col++)
		grid_colour(grid, row, b->col + col, colour);
	if (b->node == g->selected)
		for (int col = 0; col < b->width; col++)
			grid_style(grid, row, b->col + col, STYLE_SELECTED);
}

/* What is known of the selected box. */
static void draw_details(const struct graph *g, struct grid *grid, int row)
{
	const struct function *f;
	char value[COLUMN_TEXT];
	int64_t total = tab_flame_total_of(g, g->selected);
	int col;

	grid_clear_row(grid, row);
	col = grid_printf(grid, row, 0, STYLE_HEADER, " %s", tab_flame_name_of(g, g->selected));
	if (g->selected == NO_ID) {
		grid_printf(grid, row, col, STYLE_DIM,
			    "  %s  arrows select, Enter zooms, b turns it round",
			    format_value(total, g->v->unit, value));
		return;
	}
	f = &g->v->functions[g->t->nodes[g->selected].function];
	col = grid_printf(grid, row, col, STYLE_PLAIN, "  %s  %.2f %%",
			  format_value(total, g->v->unit, value), percent_of(total, g->t->whole));
	if (g->zoomed != NO_ID)
		col = grid_printf(grid, row, col, STYLE_PLAIN, ", %.2f %% of what is shown",
				  percent_of(total, tab_flame_total_of(g, g->zoomed)));
	grid_printf(grid, row, col, STYLE_DIM, "  in all: self %.2f %%, total %.2f %%  %s",
		    percent_of(f->self, g->v->whole), percent_of(f->total, g->v->whole), f->module);
}

static void tab_flame_draw(struct screen *s, struct grid *grid, int top, int rows)
{
	struct graph g;

	if (!graph_init(&g, s))
		return;
	s->rows[TAB_flame].page = MAX(rows, 1);
	s->rows[TAB_flame].n = (uint32_t)MAX(grid->cols, 1);
	tab_flame_lay_out(&g, rows, grid->cols);
	for (size_t i = 0; i < g.boxes.n; i++)
		draw_box(s, &g, grid, &g.boxes.all[i], top + 1);
	draw_details(&g, grid, top);
	if (!g.t->n)
		grid_text(grid, top + 3, 2, grid->cols - 2, STYLE_DIM, "no samples yet");
	free(g.boxes.all);
}

/* The box beside the selected one, on the same row or, going down, the widest below it. */
static uint32_t neighbour(struct graph *g, enum action a, int rows, int cols)
{
	const struct box *at = NULL, *best = NULL;

	tab_flame_lay_out(g, rows, cols);
	for (size_t i = 0; i < g->boxes.n; i++)
		if (g->boxes.all[i].node == g->selected)
			at = &g->boxes.all[i];
	if (!at)
		return g->zoomed;
	for (size_t i = 0; i < g->boxes.n; i++) {
		const struct box *b = &g->boxes.all[i];

		if (a == ACTION_DOWN && b->row == at->row + 1 && b->col >= at->col &&
		    b->col < at->col + at->width && (!best || b->width > best->width))
			best = b;
		if (a == ACTION_UP && b->row == at->row - 1 && b->col <= at->col &&
		    b->col + b->width > at->col)
			best = b;
		if (a == ACTION_LEFT && b->row == at->row && b->col < at->col &&
		    (!best || b->col > best->col))
			best = b;
		if (a == ACTION_RIGHT && b->row == at->row && b->col > at->col &&
		    (!best || b->col < best->col))
			best = b;
	}
	return best ? best->node : g->selected;
}

static uint64_t tab_flame_key_of(const struct graph *g, uint32_t node)
{
	return node == NO_ID ? 0 : g->keys[node];
}

static uint32_t next_found(const struct screen *s, const struct graph *g, int by)
{
	size_t n = g->t->n, from = g->selected == NO_ID ? (by > 0 ? n - 1 : 0) : g->selected;

	for (size_t k = 1; k <= n; k++) {
		uint32_t i = (uint32_t)((from + (by > 0 ? k : n - k)) % n);

		if (is_found(s, tab_flame_name_of(g, i)))
			return i;
	}
	return g->selected;
}

static bool act_on(struct screen *s, struct graph *g, enum action a)
{
	int rows = s->rows[TAB_flame].page, cols = (int)s->rows[TAB_flame].n;

	switch (a) {
	case ACTION_DOWN:
	case ACTION_UP:
	case ACTION_LEFT:
	case ACTION_RIGHT:
		s->flame.selected = tab_flame_key_of(g, neighbour(g, a, rows, cols));
		return true;
	case ACTION_ENTER:
		s->flame.zoomed = s->flame.selected;
		return true;
	case ACTION_BACK:
		if (g->zoomed == NO_ID)
			return false;
		s->flame.zoomed = tab_flame_key_of(g, g->t->nodes[g->zoomed].parent);
		return true;
	case ACTION_FIRST:
		s->flame = (struct flame_state){0};
		return true;
	case ACTION_NEXT:
	case ACTION_PREVIOUS:
		s->flame.selected =
			g->t->n ? tab_flame_key_of(g, next_found(s, g, a == ACTION_NEXT ? 1 : -1))
				: 0;
		return true;
	case ACTION_ANNOTATE:
		if (g->selected != NO_ID)
			screen_open_source(s, &g->v->functions[g->t->nodes[g->selected].function]);
		return true;
	default:
		return false;
	}
}

static bool tab_flame_act(struct screen *s, enum action a)
{
	struct graph g;
	bool done;

	if (!graph_init(&g, s))
		return false;
	done = act_on(s, &g, a);
	free(g.boxes.all);
	return done;
}

const struct tab tab_flame = {"Flame", tab_flame_draw, tab_flame_act};
