/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The call tree, from the root or from the leaves, with branches that open. */
#include "analysis/columns.h"
#include "base/mem.h"
#include "tui/screen.h"

#include <stdio.h>

/* Branches that are open at first: what is above that share of the whole. */
#define OPEN_SHARE 0.1

/* Deeper ones are not indented further. */
enum { MAX_INDENT = 60 };

static uint64_t tab_tree_key_of(const struct screen *s, uint32_t node)
{
	return s->model.keys[s->inverted][node];
}

static bool tab_tree_is_open(const struct screen *s, const struct tree *t, uint32_t node)
{
	uint64_t known;

	if (map64_find(&s->tree.open, tab_tree_key_of(s, node), &known))
		return known;
	return (double)t->nodes[node].total >= OPEN_SHARE * (double)t->total;
}

static void tab_tree_show(struct tree_state *s, uint32_t node)
{
	array_reserve(s->shown, s->cap, s->n + 1);
	s->shown[s->n++] = node;
}

/* Lists the rows: each node, and what is below it where it is open. */
static void tab_tree_list(struct screen *s, const struct tree *t, const struct children *c)
{
	uint32_t *stack = NULL;
	size_t n = 0, cap = 0;

	s->tree.n = 0;
	array_reserve(stack, cap, t->n + 1);
	for (uint32_t i = c->at[1]; i-- > c->at[0];)
		stack[n++] = c->nodes[i];
	while (n) {
		uint32_t node = stack[--n];

		tab_tree_show(&s->tree, node);
		if (!tab_tree_is_open(s, t, node))
			continue;
		for (uint32_t i = c->at[node + 2]; i-- > c->at[node + 1];)
			stack[n++] = c->nodes[i];
	}
	free(stack);
}

static int depth_of(const struct tree *t, uint32_t node)
{
	int depth = 0;

	while ((node = t->nodes[node].parent) != NO_ID)
		depth++;
	return depth;
}

static void draw_node(struct screen *s, struct grid *g, int row, const struct view *v,
		      const struct tree *t, const struct children *c, uint32_t node)
{
	const struct tree_node *n = &t->nodes[node];
	const struct function *f = &v->functions[n->function];
	bool has_children = c->at[node + 2] > c->at[node + 1];
	int depth = MIN(depth_of(t, node), (int)MAX_INDENT);
	int indent = depth * (g->cols > 100 ? 2 : 1);
	enum style style = is_found(s, f->name) ? STYLE_FOUND : function_style(f);
	int64_t self = tree_node_self(n, s->inverted);
	char value[COLUMN_TEXT];
	int col;

	grid_printf(g, row, 0, STYLE_PLAIN, "%7.2f %7.2f %10s ", percent_of(n->total, v->whole),
		    percent_of(self, v->whole), format_value(n->total, v->unit, value));
	col = 27 + MIN(indent, MAX(g->cols - 50, 0));
	if (has_children)
		grid_put(g, row, col, tab_tree_is_open(s, t, node) ? '-' : '+', STYLE_DIM);
	col = grid_text(g, row, col + 2, g->cols - col - 2, style, f->name);
	grid_text(g, row, col + 2, g->cols - col - 2, STYLE_DIM, f->module);
}

static void tab_tree_draw(struct screen *s, struct grid *g, int top, int room)
{
	const struct view *v = model_view(&s->model);
	const struct children *c;
	const struct tree *t = model_tree(&s->model, s->inverted, &c);
	struct rows *r = &s->rows[TAB_tree];

	tab_tree_list(s, t, c);
	grid_style_row(g, top, STYLE_HEADER);
	grid_printf(g, top, 0, STYLE_HEADER, "TOTAL %%  SELF %%      TOTAL FUNCTION, %s",
		    s->inverted ? "and below it its callers" : "and below it what it calls");
	rows_fit(r, (uint32_t)s->tree.n, room);
	for (uint32_t i = r->first; i < s->tree.n && (int)(i - r->first) < room; i++) {
		int row = top + 1 + (int)(i - r->first);

		draw_node(s, g, row, v, t, c, s->tree.shown[i]);
		if (i == r->selected)
			grid_style_row(g, row, STYLE_SELECTED);
	}
	if (!s->tree.n)
		grid_text(g, top + 2, 2, g->cols - 2, STYLE_DIM, "no samples yet");
}

/* Opens or closes a node, and with `below` all that is under it. */
static void set_open(struct screen *s, const struct tree *t, uint32_t node, bool open, bool below)
{
	auto_free bool *under = mem_array(t->n, sizeof(*under));

	map64_set(&s->tree.open, tab_tree_key_of(s, node), open);
	under[node] = true;
	/* A child's number is larger than its parent's. */
	for (uint32_t i = node + 1; below && i < t->n; i++) {
		under[i] = t->nodes[i].parent != NO_ID && under[t->nodes[i].parent];
		if (under[i])
			map64_set(&s->tree.open, tab_tree_key_of(s, i), open);
	}
}

static void to_parent(struct screen *s, const struct tree *t, uint32_t node)
{
	for (uint32_t i = 0; i < s->tree.n; i++)
		if (s->tree.shown[i] == t->nodes[node].parent)
			s->rows[TAB_tree].selected = i;
}

/* To the next row, or the one before, that the search has found; closed branches are not searched.
 */
static void to_found(struct screen *s, const struct view *v, const struct tree *t, int by)
{
	struct rows *r = &s->rows[TAB_tree];

	for (size_t k = 1; k <= s->tree.n; k++) {
		size_t i = (r->selected + s->tree.n + (by > 0 ? k : s->tree.n - k)) % s->tree.n;

		if (is_found(s, v->functions[t->nodes[s->tree.shown[i]].function].name)) {
			r->selected = (uint32_t)i;
			return;
		}
	}
}

static bool tab_tree_act(struct screen *s, enum action a)
{
	const struct view *v = model_view(&s->model);
	const struct children *c;
	const struct tree *t = model_tree(&s->model, s->inverted, &c);
	uint32_t node;

	if (rows_act(&s->rows[TAB_tree], a))
		return true;
	if (!t || s->rows[TAB_tree].selected >= s->tree.n)
		return false;
	node = s->tree.shown[s->rows[TAB_tree].selected];
	if (node >= t->n)
		return false;
	if (a == ACTION_ENTER) {
		set_open(s, t, node, !tab_tree_is_open(s, t, node), false);
	} else if (a == ACTION_RIGHT) {
		set_open(s, t, node, true, false);
	} else if (a == ACTION_LEFT) {
		if (!tab_tree_is_open(s, t, node) || c->at[node + 2] == c->at[node + 1])
			to_parent(s, t, node);
		else
			set_open(s, t, node, false, false);
	} else if (a == ACTION_EXPAND) {
		set_open(s, t, node, true, true);
	} else if (a == ACTION_NEXT || a == ACTION_PREVIOUS) {
		to_found(s, v, t, a == ACTION_NEXT ? 1 : -1);
	} else if (a == ACTION_ANNOTATE) {
		screen_open_source(s, &v->functions[t->nodes[node].function]);
	} else {
		return false;
	}
	return true;
}

const struct tab tab_tree = {"Tree", tab_tree_draw, tab_tree_act};
