/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The top screen: functions by self and total. */
#include "tui/top_screen.h"

#include "analysis/columns.h"
#include "base/mem.h"
#include "base/regex.h"

#include <stdio.h>
#include <string.h>

enum action {
	ACTION_NONE,
#define KEY(action, keys, shown, what) ACTION_##action,
#include "tui/keys.def"
#undef KEY
};

struct key_row {
	enum action action;
	const char *keys, *shown, *what;
};

static const struct key_row key_rows[] = {
#define KEY(action, keys, shown, what) {ACTION_##action, keys, shown, what},
#include "tui/keys.def"
#undef KEY
};

enum { HEADER_ROWS = 3 };

void top_screen_init(struct top_screen *s, const char *title)
{
	*s = (struct top_screen){.title = title, .sort = SORT_SELF, .page = 1};
}

/* -- keys -- */

static enum action action_of(uint32_t key)
{
	switch (key) {
	case KEY_ARROW_DOWN:
		return ACTION_DOWN;
	case KEY_ARROW_UP:
		return ACTION_UP;
	case KEY_PAGE_DOWN_:
		return ACTION_PAGE_DOWN;
	case KEY_PAGE_UP_:
		return ACTION_PAGE_UP;
	case KEY_FIRST_:
		return ACTION_FIRST;
	case KEY_LAST_:
		return ACTION_LAST;
	default:
		break;
	}
	for (size_t i = 0; i < ARRAY_SIZE(key_rows); i++)
		if (key && key < 128 && strchr(key_rows[i].keys, (int)key))
			return key_rows[i].action;
	return ACTION_NONE;
}

static void check_filter(struct top_screen *s)
{
	struct err err = {0};
	struct regex *re = *s->filter ? regex_new(s->filter, &err) : NULL;

	snprintf(s->bad_filter, sizeof(s->bad_filter), "%s", re || !*s->filter ? "" : err.what);
	regex_free(re);
	s->selected = s->first = 0;
}

static void edit_filter(struct top_screen *s, uint32_t key)
{
	size_t n = strlen(s->filter);

	if (key == KEY_ENTER_ || key == '\n') {
		s->editing = false;
	} else if (key == KEY_ESCAPE_) {
		s->editing = false;
		s->filter[0] = '\0';
	} else if (key == KEY_ERASE || key == '\b') {
		while (n && (s->filter[n - 1] & 0xc0) == 0x80)
			n--;
		if (n)
			s->filter[n - 1] = '\0';
	} else if (key >= 32 && key < KEY_SPECIAL) {
		struct str one auto_release(str_release) = {0};

		utf8_put(&one, key);
		if (n + one.len < sizeof(s->filter))
			strcpy(s->filter + n, one.text);
	}
	check_filter(s);
}

static void move(struct top_screen *s, int64_t by)
{
	int64_t to = (int64_t)s->selected + by, last = s->n_shown ? (int64_t)s->n_shown - 1 : 0;

	s->selected = (uint32_t)MAX(MIN(to, last), (int64_t)0);
}

bool top_screen_key(struct top_screen *s, uint32_t key)
{
	if (key == KEY_RESIZED)
		return true;
	if (s->editing) {
		edit_filter(s, key);
		return true;
	}
	switch (action_of(key)) {
	case ACTION_QUIT:
		s->quit = !s->help;
		s->help = false;
		return true;
	case ACTION_HELP:
		s->help = !s->help;
		return true;
	case ACTION_FILTER:
		s->editing = true;
		return true;
	case ACTION_CLEAR:
		s->help = false;
		s->filter[0] = '\0';
		check_filter(s);
		return true;
	case ACTION_SORT:
		s->sort = s->sort == SORT_SELF ? SORT_TOTAL : SORT_SELF;
		return true;
	case ACTION_PAUSE:
		s->paused = !s->paused;
		return true;
	case ACTION_RESET:
		s->reset = true;
		return true;
	case ACTION_DOWN:
		move(s, 1);
		return true;
	case ACTION_UP:
		move(s, -1);
		return true;
	case ACTION_PAGE_DOWN:
		move(s, s->page);
		return true;
	case ACTION_PAGE_UP:
		move(s, -s->page);
		return true;
	case ACTION_FIRST:
		s->selected = 0;
		return true;
	case ACTION_LAST:
		move(s, INT32_MAX);
		return true;
	case ACTION_NONE:
		break;
	}
	return false;
}

/* -- drawing -- */

static void draw_header(const struct top_screen *s, struct grid *g, const struct account *a)
{
	char samples[32], lost[32];
	double complete = a->user_stacks
				  ? 100.0 * (double)a->user_stacks_complete / (double)a->user_stacks
				  : 100.0;
	double cost = a->machine_cpu_s > 0 ? 100 * a->overhead_cpu_s / a->machine_cpu_s : 0;
	int col;

	grid_style_row(g, 0, STYLE_TITLE);
	col = grid_printf(g, 0, 0, STYLE_TITLE, " cprof top  %s", s->title);
	if (a->event[0])
		col = grid_printf(g, 0, col, STYLE_TITLE, "  %s", a->event);
	if (s->paused)
		grid_printf(g, 0, col, STYLE_WARN, "  frozen ");
	col = grid_printf(g, 1, 0, STYLE_PLAIN, " %s samples  %.0f/s  ",
			  format_count(samples, a->samples), s->samples_per_s);
	col = grid_printf(g, 1, col, a->lost ? STYLE_WARN : STYLE_PLAIN, "%s lost  ",
			  format_count(lost, a->lost));
	col = grid_printf(g, 1, col, STYLE_PLAIN, "%.1f %% complete  cost %.2f %%", complete, cost);
	if (s->editing || *s->filter)
		col = grid_printf(g, 1, col, STYLE_HEADER, "  /%s%s", s->filter,
				  s->editing ? "_" : "");
	if (*s->bad_filter)
		grid_printf(g, 1, col, STYLE_WARN, "  %s", s->bad_filter);
}

/* Column widths: fixed ones, and the function gets what is left. */
static int column_width(enum column c, int cols)
{
	int fixed = 0;

	if (c != COLUMN_FUNCTION)
		return columns[c].width;
	for (int i = 0; i < N_COLUMNS; i++)
		fixed += (i == COLUMN_FUNCTION ? 0 : columns[i].width) + 1;
	return MAX(cols - fixed, 12);
}

static void draw_cells(struct grid *g, int row, enum style style,
		       const char *(*text)(void *ctx, enum column c, char *buf), void *ctx)
{
	char buf[COLUMN_TEXT];
	int col = 0;

	for (int c = 0; c < N_COLUMNS; c++) {
		int width = column_width((enum column)c, g->cols);
		const char *cell = text(ctx, (enum column)c, buf);
		int pad = columns[c].right ? MAX(width - (int)strlen(cell), 0) : 0;

		grid_text(g, row, col + pad, width - pad, style, cell);
		col += width + 1;
	}
}

static const char *title_text(void *ctx, enum column c, char *buf)
{
	const struct top_screen *s = ctx;

	snprintf(buf, COLUMN_TEXT, "%s%s",
		 c == (s->sort == SORT_SELF ? COLUMN_SELF_PERCENT : COLUMN_TOTAL_PERCENT) ? ">"
											  : "",
		 columns[c].title);
	return buf;
}

struct row_ctx {
	const struct view *v;
	const struct function *row;
};

static const char *row_text(void *ctx, enum column c, char *buf)
{
	const struct row_ctx *r = ctx;

	return column_text(c, r->row, r->v, buf);
}

static bool is_shown(const struct regex *re, const struct function *row)
{
	return !re || regex_matches(re, row->name) || regex_matches(re, row->module);
}

static void draw_table(struct top_screen *s, struct grid *g, const struct view *v)
{
	size_t n, shown = 0;
	auto_free uint32_t *order = view_sorted(v, s->sort, &n);
	struct err err = {0};
	struct regex *re = *s->filter && !*s->bad_filter ? regex_new(s->filter, &err) : NULL;

	for (size_t i = 0; i < n; i++)
		if (is_shown(re, &v->functions[order[i]]))
			order[shown++] = order[i];
	regex_free(re);
	s->n_shown = (uint32_t)shown;
	s->page = MAX(g->rows - HEADER_ROWS, 1);
	move(s, 0);
	if (s->selected < s->first)
		s->first = s->selected;
	if (s->selected >= s->first + (uint32_t)s->page)
		s->first = s->selected - (uint32_t)s->page + 1;
	for (uint32_t i = s->first; i < shown && i < s->first + (uint32_t)s->page; i++) {
		struct row_ctx ctx = {v, &v->functions[order[i]]};
		int row = HEADER_ROWS + (int)(i - s->first);
		enum style style = ctx.row->kind == FRAME_KERNEL ? STYLE_KERNEL
				   : ctx.row->named              ? STYLE_PLAIN
								 : STYLE_DIM;

		draw_cells(g, row, style, row_text, &ctx);
		if (i == s->selected)
			grid_style_row(g, row, STYLE_SELECTED);
	}
	if (!shown)
		grid_text(g, HEADER_ROWS + 1, 2, g->cols - 2, STYLE_DIM,
			  n ? "nothing matches the filter" : "no samples yet");
}

static void draw_help(struct grid *g)
{
	int row = HEADER_ROWS;

	for (size_t i = 0; i < ARRAY_SIZE(key_rows); i++, row++) {
		grid_printf(g, row, 2, STYLE_HEADER, "%-10s", key_rows[i].shown);
		grid_printf(g, row, 14, STYLE_PLAIN, "%s", key_rows[i].what);
	}
}

void top_screen_draw(struct top_screen *s, struct grid *g, const struct profile *p)
{
	struct view_options view = {0};
	struct err err = {0};
	struct view v;

	draw_header(s, g, &p->account);
	grid_style_row(g, 2, STYLE_HEADER);
	if (s->help) {
		draw_help(g);
		return;
	}
	draw_cells(g, 2, STYLE_HEADER, title_text, s);
	if (view_open(&v, p, &view, &err)) {
		grid_text(g, HEADER_ROWS, 2, g->cols - 2, STYLE_WARN, err.what);
	} else {
		view_count(&v);
		draw_table(s, g, &v);
	}
	view_release(&v);
}
