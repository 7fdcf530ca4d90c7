/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When samples fell: a heat map, of which a part can be chosen. */
#include "analysis/columns.h"
#include "analysis/blocks.h"
#include "base/mem.h"
#include "base/sum.h"
#include "tui/screen.h"

#include <math.h>

enum { LEFT = 11 };

/* Columns are equal spans of time, rows their parts from below. */
struct map_shape {
	struct timeline t;
	uint32_t n, per_cell, rows, columns;
};

static bool shape_find(struct map_shape *m, const struct screen *s, int rows, int cols)
{
	uint32_t room_rows = (uint32_t)MAX(rows, 1), room_cols = (uint32_t)MAX(cols - LEFT, 1);
	double in_second;

	if (!timeline_find(&m->t, s->p))
		return false;
	m->n = timeline_blocks(&m->t);
	/* A column a second, as long as there is room; cells hold as few blocks as fit. */
	in_second = MAX(1e9 / (double)m->t.block_ns, 1.0);
	m->per_cell = (uint32_t)MIN(ceil(in_second / room_rows), (double)m->n);
	m->rows = (uint32_t)MIN((double)room_rows, ceil(in_second / m->per_cell));
	while ((m->n + m->rows * m->per_cell - 1) / (m->rows * m->per_cell) > room_cols)
		m->per_cell *= 2;
	m->columns = (m->n + m->rows * m->per_cell - 1) / (m->rows * m->per_cell);
	return true;
}

/* Of what the other tabs show, but of the whole time (heap): by cell. */
static int64_t *sums_of(const struct screen *s, const struct map_shape *m, int64_t *ret_most)
{
	int64_t *cells = mem_array((size_t)m->rows * m->columns, sizeof(*cells));
	auto_free int64_t *blocks = NULL;
	struct view_options o = s->model.o;
	struct err err = {0};
	struct view v;

	*ret_most = 0;
	o.in_range = false;
	o.by = BY_NONE;
	if (!view_open(&v, s->p, &o, &err))
		blocks = blocks_sums(&m->t, &v);
	view_release(&v);
	for (uint32_t i = 0; blocks && i < m->n; i++) {
		int64_t *cell = &cells[i / m->per_cell];

		sum_add(cell, blocks[i]);
		*ret_most = MAX(*ret_most, *cell);
	}
	return cells;
}

static double seconds_at(const struct map_shape *m, uint32_t cell)
{
	return (double)cell * m->per_cell * (double)m->t.block_ns / 1e9;
}

static bool is_in_range(const struct screen *s, const struct map_shape *m, uint32_t cell)
{
	int64_t time_ns = m->t.start_ns + (int64_t)(cell + 1) * m->per_cell * m->t.block_ns;

	return !s->model.o.in_range ||
	       (time_ns > s->model.o.start_ns && time_ns <= s->model.o.end_ns);
}

static void tab_time_draw_cell(const struct screen *s, struct grid *g, const struct map_shape *m,
			       int top, uint32_t cell, int64_t sum, int64_t most)
{
	static const uint32_t shades[] = {' ', 0x2591, 0x2592, 0x2593, 0x2588};
	int row = top + (int)(m->rows - 1 - cell % m->rows), col = LEFT + (int)(cell / m->rows);
	enum style style = is_in_range(s, m, cell) ? STYLE_KERNEL : STYLE_DIM;

	if (cell == s->time_block)
		style = STYLE_SELECTED;
	grid_put(g, row, col, shades[blocks_shade(sum, most)], style);
}

static void tab_time_draw(struct screen *s, struct grid *g, int top, int room)
{
	struct map_shape m;
	int64_t most;
	auto_free int64_t *sums = NULL;
	char value[COLUMN_TEXT];
	uint32_t cells;

	grid_style_row(g, top, STYLE_HEADER);
	s->rows[TAB_time].page = room;
	s->rows[TAB_time].n = (uint32_t)MAX(g->cols, 1);
	if (!shape_find(&m, s, s->rows[TAB_time].page, g->cols)) {
		grid_text(g, top + 2, 2, g->cols - 2, STYLE_DIM,
			  "the profile does not say when its samples fell: record --timeline");
		return;
	}
	cells = m.rows * m.columns;
	s->time_block = MIN(s->time_block, cells - 1);
	sums = sums_of(s, &m, &most);
	grid_printf(
		g, top, 0, STYLE_HEADER,
		" at %.2f s: %s   a column is %.3g s; arrows move, [ and ] choose a part, Esc all",
		seconds_at(&m, s->time_block),
		format_value(sums[s->time_block], model_view(&s->model)->unit, value),
		seconds_at(&m, m.rows));
	for (uint32_t row = 0; row < m.rows; row += 5)
		grid_printf(g, top + 1 + (int)(m.rows - 1 - row), 0, STYLE_DIM, "%7.0f ms",
			    1000 * seconds_at(&m, row));
	for (uint32_t i = 0; i < cells; i++)
		tab_time_draw_cell(s, g, &m, top + 1, i, sums[i], most);
}

static void move(struct screen *s, const struct map_shape *m, int64_t by)
{
	int64_t to = (int64_t)s->time_block + by, last = (int64_t)m->rows * m->columns - 1;

	s->time_block = (uint32_t)MAX(MIN(to, last), (int64_t)0);
}

static bool tab_time_act(struct screen *s, enum action a)
{
	struct map_shape m;
	int64_t at;

	if (!shape_find(&m, s, s->rows[TAB_time].page, (int)s->rows[TAB_time].n))
		return false;
	at = m.t.start_ns + (int64_t)s->time_block * m.per_cell * m.t.block_ns;
	switch (a) {
	case ACTION_UP:
		move(s, &m, 1);
		return true;
	case ACTION_DOWN:
		move(s, &m, -1);
		return true;
	case ACTION_LEFT:
		move(s, &m, -(int64_t)m.rows);
		return true;
	case ACTION_RIGHT:
		move(s, &m, m.rows);
		return true;
	case ACTION_RANGE_START:
		s->range_start = at;
		s->model.o.start_ns = at;
		s->model.o.end_ns = MAX(s->model.o.end_ns, m.t.end_ns);
		break;
	case ACTION_RANGE_END:
		s->model.o.start_ns =
			s->range_start < 0 || s->range_start > at ? m.t.start_ns : s->range_start;
		s->model.o.end_ns = at + (int64_t)m.per_cell * m.t.block_ns;
		break;
	default:
		return false;
	}
	s->model.o.in_range = true;
	model_changed(&s->model, s->p);
	return true;
}

const struct tab tab_time = {"Time", tab_time_draw, tab_time_act};
