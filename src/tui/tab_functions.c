/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions by self and total, with their last minute. */
#include "analysis/columns.h"
#include "base/mem.h"
#include "tui/screen.h"

#include <stdio.h>
#include <string.h>

enum { SPARK_CELLS = 12, SPARK_FROM_COLS = 100 };

static enum sort_key tab_functions_key_of(int column)
{
	switch (column) {
	case COLUMN_TOTAL_PERCENT:
	case COLUMN_TOTAL:
		return SORT_TOTAL;
	case COLUMN_FUNCTION:
		return SORT_FUNCTION;
	case COLUMN_MODULE:
		return SORT_MODULE;
	default:
		return SORT_SELF;
	}
}

static bool is_shown_column(int c, int cols)
{
	return (c != COLUMN_INTERVAL || cols >= 90) && (c != COLUMN_SELF || cols >= 66) &&
	       (c != COLUMN_TOTAL || cols >= 78) && (c != COLUMN_MODULE || cols >= 50);
}

static int spark_width(const struct screen *s, int cols)
{
	return s->is_live && cols >= SPARK_FROM_COLS ? SPARK_CELLS + 1 : 0;
}

/* Fixed widths, and the function gets what is left. */
static int width_of(const struct screen *s, int column, int cols)
{
	int fixed = spark_width(s, cols);

	if (column != COLUMN_FUNCTION)
		return columns[column].width;
	for (int i = 0; i < N_COLUMNS; i++)
		if (i != COLUMN_FUNCTION && is_shown_column(i, cols))
			fixed += columns[i].width + 1;
	return MAX(cols - fixed, 12);
}

static void tab_functions_draw_cell(struct grid *g, int row, int col, int width, bool right,
				    enum style style, const char *text)
{
	int pad = right ? MAX(width - (int)strlen(text), 0) : 0;

	grid_text(g, row, col + pad, width - pad, style, text);
}

static int draw_spark(const struct screen *s, struct grid *g, int row, int col,
		      const struct function *f)
{
	const struct spark *k = model_spark(&s->model, f);
	double sums[SPARK_CELLS] = {0}, most = 0;

	for (int i = 0; k && i < SPARK_SECONDS; i++) {
		size_t at = (s->model.spark_at + (size_t)i) % SPARK_SECONDS;

		sums[i * SPARK_CELLS / SPARK_SECONDS] += (double)k->seconds[at];
	}
	for (int i = 0; i < SPARK_CELLS; i++)
		most = MAX(most, sums[i]);
	for (int i = 0; i < SPARK_CELLS && most > 0; i++)
		grid_put(g, row, col + i,
			 sums[i] > 0 ? 0x2581 + (uint32_t)(sums[i] / most * 7 + 0.5) : ' ',
			 STYLE_DIM);
	return col + SPARK_CELLS + 1;
}

static void draw_titles(const struct screen *s, struct grid *g, int row)
{
	int col = 0;

	grid_style_row(g, row, STYLE_HEADER);
	for (int c = 0; c < N_COLUMNS; c++) {
		int width = width_of(s, c, g->cols);
		char title[COLUMN_TEXT];

		if (!is_shown_column(c, g->cols))
			continue;
		if (c == COLUMN_FUNCTION && spark_width(s, g->cols)) {
			grid_text(g, row, col, SPARK_CELLS, STYLE_HEADER, "LAST MINUTE");
			col += SPARK_CELLS + 1;
		}
		snprintf(title, sizeof(title), "%s%s", c == s->sort ? ">" : "", columns[c].title);
		tab_functions_draw_cell(g, row, col, width, columns[c].right, STYLE_HEADER, title);
		col += width + 1;
	}
}

static void tab_functions_draw_row(const struct screen *s, struct grid *g, int row,
				   const struct view *v, const struct function *f)
{
	int col = 0;

	for (int c = 0; c < N_COLUMNS; c++) {
		int width = width_of(s, c, g->cols);
		char buf[COLUMN_TEXT];

		if (!is_shown_column(c, g->cols))
			continue;
		if (c == COLUMN_FUNCTION && spark_width(s, g->cols))
			col = draw_spark(s, g, row, col, f);
		tab_functions_draw_cell(g, row, col, width, columns[c].right, function_style(f),
					column_text((enum column)c, f, v, buf));
		col += width + 1;
	}
}

/* Functions in their order, those that the search leaves (heap). */
static uint32_t *tab_functions_listed(struct screen *s, size_t *ret_n)
{
	const struct view *v = model_view(&s->model);
	size_t n, shown = 0;
	uint32_t *order;

	*ret_n = 0;
	if (!v)
		return NULL;
	order = view_sorted(v, tab_functions_key_of(s->sort), &n);
	for (size_t i = 0; i < n; i++) {
		const struct function *f = &v->functions[order[i]];

		if (!s->found || is_found(s, f->name) || is_found(s, f->module))
			order[shown++] = order[i];
	}
	*ret_n = shown;
	return order;
}

static void tab_functions_draw(struct screen *s, struct grid *g, int top, int room)
{
	const struct view *v = model_view(&s->model);
	struct rows *r = &s->rows[TAB_functions];
	size_t n;
	auto_free uint32_t *order = tab_functions_listed(s, &n);

	draw_titles(s, g, top);
	rows_fit(r, (uint32_t)n, room);
	for (uint32_t i = r->first; i < n && (int)(i - r->first) < room; i++) {
		int row = top + 1 + (int)(i - r->first);

		tab_functions_draw_row(s, g, row, v, &v->functions[order[i]]);
		if (i == r->selected)
			grid_style_row(g, row, STYLE_SELECTED);
	}
	if (!n)
		grid_text(g, top + 2, 2, g->cols - 2, STYLE_DIM,
			  v->total ? "nothing matches the filter" : "no samples yet");
}

static void sort_beside(struct screen *s, int by)
{
	do
		s->sort = (s->sort + by + N_COLUMNS) % N_COLUMNS;
	while (s->sort == COLUMN_INTERVAL || s->sort == COLUMN_SELF || s->sort == COLUMN_TOTAL);
}

static bool tab_functions_act(struct screen *s, enum action a)
{
	size_t n;
	auto_free uint32_t *order = NULL;

	if (rows_act(&s->rows[TAB_functions], a))
		return true;
	if (a == ACTION_SORT_RIGHT || a == ACTION_SORT_LEFT) {
		sort_beside(s, a == ACTION_SORT_RIGHT ? 1 : -1);
		return true;
	}
	if (a != ACTION_ENTER && a != ACTION_ANNOTATE)
		return false;
	order = tab_functions_listed(s, &n);
	if (s->rows[TAB_functions].selected < n)
		screen_open_source(s,
				   &s->model.all.functions[order[s->rows[TAB_functions].selected]]);
	return true;
}

const struct tab tab_functions = {"Functions", tab_functions_draw, tab_functions_act};
