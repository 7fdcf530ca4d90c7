/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The screen: header, tabs, keys. */
#include "tui/screen.h"

#include "analysis/columns.h"
#include "base/mem.h"
#include "base/regex.h"

#include <stdio.h>
#include <string.h>

struct key_row {
	enum action action;
	const char *keys, *shown, *what;
};

static const struct key_row key_rows[] = {
#define KEY(action, keys, shown, what) {ACTION_##action, keys, shown, what},
#include "tui/keys.def"
#undef KEY
};

static const struct tab *const tabs[] = {
#define TAB(id, title) &tab_##id,
#include "tui/tabs.def"
#undef TAB
};

static const char *const modes[] = {
	[MODE_ADD_UP] = "", [MODE_FADE] = "fading", [MODE_LAST] = "last second"};

static const char *const prompts[] = {[PROMPT_SEARCH] = "/",
				      [PROMPT_FOCUS] = "only stacks with: ",
				      [PROMPT_TARGET] = "profile (all, a pid, a cgroup): ",
				      [PROMPT_SAVE] = "save as (.pb.gz .svg .html .folded): "};

enum { HEADER_ROWS = 3, NARROW_COLS = 58 };

void screen_init(struct screen *s, const char *title)
{
	*s = (struct screen){.title = title, .sort = COLUMN_SELF_PERCENT, .range_start = -1};
}

void screen_release(struct screen *s)
{
	model_release(&s->model);
	map64_release(&s->tree.open);
	free(s->tree.shown);
	code_release(&s->source.code);
	regex_free(s->found);
}

void screen_set_view(struct screen *s, const struct view_options *o)
{
	s->model.o = *o;
	snprintf(s->model.focus, sizeof(s->model.focus), "%s", o->focus ? o->focus : "");
}

void screen_forget(struct screen *s)
{
	model_forget(&s->model);
	code_release(&s->source.code);
	s->source.has_code = false;
}

void screen_changed(struct screen *s, const struct profile *p)
{
	s->p = p;
	model_changed(&s->model, p);
}

/* -- rows -- */

void rows_move(struct rows *r, int64_t by)
{
	int64_t to = (int64_t)r->selected + by, last = r->n ? (int64_t)r->n - 1 : 0;

	r->selected = (uint32_t)MAX(MIN(to, last), (int64_t)0);
}

void rows_fit(struct rows *r, uint32_t n, int page)
{
	r->n = n;
	r->page = MAX(page, 1);
	rows_move(r, 0);
	if (r->selected < r->first)
		r->first = r->selected;
	if (r->selected >= r->first + (uint32_t)r->page)
		r->first = r->selected - (uint32_t)r->page + 1;
	if (r->first + (uint32_t)r->page > n)
		r->first = n > (uint32_t)r->page ? n - (uint32_t)r->page : 0;
}

bool rows_act(struct rows *r, enum action a)
{
	switch (a) {
	case ACTION_DOWN:
		rows_move(r, 1);
		return true;
	case ACTION_UP:
		rows_move(r, -1);
		return true;
	case ACTION_PAGE_DOWN:
		rows_move(r, r->page);
		return true;
	case ACTION_PAGE_UP:
		rows_move(r, -r->page);
		return true;
	case ACTION_FIRST:
		r->selected = 0;
		return true;
	case ACTION_LAST:
		rows_move(r, INT32_MAX);
		return true;
	default:
		return false;
	}
}

bool is_found(const struct screen *s, const char *text)
{
	return s->found && regex_matches(s->found, text);
}

enum style function_style(const struct function *f)
{
	if (f->kind == FRAME_KERNEL)
		return STYLE_KERNEL;
	return f->named ? STYLE_PLAIN : STYLE_DIM;
}

uint32_t find_function(const struct view *v, uint64_t key)
{
	for (uint32_t i = 0; v && i < v->n_functions; i++)
		if (v->functions[i].total && function_key(&v->functions[i]) == key)
			return i;
	return NO_ID;
}

void screen_open_source(struct screen *s, const struct function *f)
{
	uint64_t key = function_key(f);

	s->tab = TAB_source;
	if (s->source.function == key)
		return;
	code_release(&s->source.code);
	s->source.has_code = false;
	s->source.function = key;
	s->rows[TAB_source] = (struct rows){0};
}

void screen_only(struct screen *s, enum group_by by, const char *name)
{
	snprintf(s->model.only, sizeof(s->model.only), "%s", name);
	s->model.o.only_by = by;
	model_changed(&s->model, s->p);
	s->tab = TAB_functions;
}

/* -- typing -- */

static void set_search(struct screen *s, const char *text)
{
	struct err err = {0};

	snprintf(s->search, sizeof(s->search), "%s", text);
	regex_free(s->found);
	s->found = *s->search ? regex_new(s->search, &err) : NULL;
	snprintf(s->bad, sizeof(s->bad), "%s", s->found || !*s->search ? "" : err.what);
	s->rows[TAB_functions].selected = 0;
}

static void set_focus(struct screen *s, const char *text)
{
	struct err err = {0};
	struct regex *re = *text ? regex_new(text, &err) : NULL;

	snprintf(s->bad, sizeof(s->bad), "%s", re || !*text ? "" : err.what);
	if (!*s->bad && !str_equal(text, s->model.focus)) {
		snprintf(s->model.focus, sizeof(s->model.focus), "%s", text);
		model_changed(&s->model, s->p);
	}
	regex_free(re);
}

/* What is typed has its effect at once; of other prompts when it is finished. */
static void typed(struct screen *s, bool finished)
{
	if (s->prompt == PROMPT_SEARCH)
		set_search(s, s->typed);
	else if (s->prompt == PROMPT_FOCUS)
		set_focus(s, s->typed);
	else if (finished && *s->typed) {
		s->request = s->prompt == PROMPT_SAVE ? REQUEST_SAVE : REQUEST_TARGET;
		snprintf(s->text, sizeof(s->text), "%s", s->typed);
	}
}

static void edit(struct screen *s, uint32_t key)
{
	size_t n = strlen(s->typed);
	bool finished = key == KEY_ENTER_ || key == '\n', given_up = key == KEY_ESCAPE_;

	if (given_up) {
		s->typed[0] = '\0';
	} else if (key == KEY_ERASE || key == '\b') {
		while (n && (s->typed[n - 1] & 0xc0) == 0x80)
			n--;
		if (n)
			s->typed[n - 1] = '\0';
	} else if (key == 025) {
		s->typed[0] = '\0';
	} else if (key >= 32 && key < KEY_SPECIAL) {
		struct str one auto_release(str_release) = {0};

		utf8_put(&one, key);
		if (n + one.len < sizeof(s->typed))
			memcpy(s->typed + n, one.text, one.len + 1);
	}
	typed(s, finished);
	if (finished || given_up)
		s->prompt = PROMPT_NONE;
}

static void ask(struct screen *s, enum prompt prompt, const char *now)
{
	s->prompt = prompt;
	snprintf(s->typed, sizeof(s->typed), "%s", now);
}

/* -- keys -- */

static enum action action_of(uint32_t key)
{
	static const struct {
		uint32_t key;
		enum action action;
	} others[] = {
		{KEY_ARROW_DOWN, ACTION_DOWN},      {KEY_ARROW_UP, ACTION_UP},
		{KEY_ARROW_LEFT, ACTION_LEFT},      {KEY_ARROW_RIGHT, ACTION_RIGHT},
		{KEY_PAGE_DOWN_, ACTION_PAGE_DOWN}, {KEY_PAGE_UP_, ACTION_PAGE_UP},
		{KEY_FIRST_, ACTION_FIRST},         {KEY_LAST_, ACTION_LAST},
		{KEY_WHEEL_DOWN, ACTION_DOWN},      {KEY_WHEEL_UP, ACTION_UP},
		{KEY_ERASE, ACTION_BACK},
	};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i].key == key)
			return others[i].action;
	for (size_t i = 0; i < ARRAY_SIZE(key_rows); i++)
		if (key && key < 128 && strchr(key_rows[i].keys, (int)key))
			return key_rows[i].action;
	return ACTION_NONE;
}

static void go_back(struct screen *s)
{
	bool filtered = *s->model.focus || *s->model.only || s->model.o.in_range;

	if (s->help || *s->message || *s->bad) {
		s->help = false;
		*s->message = *s->bad = '\0';
	} else if (*s->search) {
		set_search(s, "");
	} else if (filtered) {
		*s->model.focus = *s->model.only = '\0';
		s->model.o.in_range = false;
		s->range_start = -1;
		model_changed(&s->model, s->p);
	} else if (s->tab == TAB_source) {
		s->tab = TAB_functions;
	}
}

static bool act_for_all(struct screen *s, enum action a)
{
	switch (a) {
	case ACTION_QUIT:
		s->quit = !s->help;
		s->help = false;
		return true;
	case ACTION_HELP:
		s->help = !s->help;
		return true;
	case ACTION_NEXT_TAB:
		s->tab = (s->tab + 1) % N_TABS;
		return true;
	case ACTION_BACK:
		go_back(s);
		return true;
	case ACTION_SEARCH:
		ask(s, PROMPT_SEARCH, s->search);
		return true;
	case ACTION_FOCUS:
		ask(s, PROMPT_FOCUS, s->model.focus);
		return true;
	case ACTION_SAVE:
		ask(s, PROMPT_SAVE, "");
		return true;
	case ACTION_TARGET:
		if (s->is_live)
			ask(s, PROMPT_TARGET, "");
		else
			snprintf(s->message, sizeof(s->message), "this is a saved profile");
		return true;
	case ACTION_INVERT:
		s->inverted = !s->inverted;
		s->flame = (struct flame_state){0};
		s->rows[TAB_tree] = (struct rows){0};
		return true;
	case ACTION_FREEZE:
		s->paused = !s->paused;
		return true;
	case ACTION_RESET:
		s->request = REQUEST_RESET;
		return true;
	case ACTION_MODE:
		s->mode = (s->mode + 1) % N_MODES;
		return true;
	case ACTION_MOUSE:
		s->mouse = !s->mouse;
		s->request = REQUEST_MOUSE;
		return true;
	default:
		return false;
	}
}

/* Columns of the tab bar at which each title begins. */
static int tab_column(size_t tab)
{
	int col = 1;

	for (size_t i = 0; i < tab; i++)
		col += (int)strlen(tabs[i]->title) + 4;
	return col;
}

static void click(struct screen *s)
{
	struct rows *r = &s->rows[s->tab];

	for (size_t i = 0; s->click_row == 2 && i < N_TABS; i++)
		if (s->click_col >= tab_column(i) && s->click_col < tab_column(i + 1))
			s->tab = (enum tab_id)i;
	if (s->click_row > HEADER_ROWS && s->tab != TAB_flame) {
		uint32_t row = r->first + (uint32_t)(s->click_row - HEADER_ROWS - 1);

		if (row == r->selected)
			tabs[s->tab]->act(s, ACTION_ENTER);
		else if (row < r->n)
			r->selected = row;
	}
}

bool screen_key(struct screen *s, uint32_t key)
{
	enum action a;

	if (key == KEY_RESIZED)
		return true;
	if (s->prompt) {
		edit(s, key);
		return true;
	}
	if (key == KEY_CLICK) {
		click(s);
		return true;
	}
	if (key == KEY_BACK_TAB) {
		s->tab = (s->tab + N_TABS - 1) % N_TABS;
		return true;
	}
	if (key > KEY_FUNCTION && key <= KEY_FUNCTION + N_TABS)
		key = '0' + (key - KEY_FUNCTION);
	if (key >= '1' && key < '1' + N_TABS) {
		s->tab = (enum tab_id)(key - '1');
		s->help = false;
		return true;
	}
	a = action_of(key);
	if (a == ACTION_NONE)
		return false;
	*s->message = '\0';
	if (s->help && rows_act(&s->help_rows, a))
		return true;
	return (!s->help && tabs[s->tab]->act(s, a)) || act_for_all(s, a);
}

/* -- drawing -- */

static void draw_header(const struct screen *s, struct grid *g)
{
	const struct account *a = &s->p->account;
	char samples[32], lost[32];
	double complete = a->user_stacks
				  ? 100.0 * (double)a->user_stacks_complete / (double)a->user_stacks
				  : 100.0;
	double cost = a->machine_cpu_s > 0 ? 100 * a->overhead_cpu_s / a->machine_cpu_s : 0;
	int col;

	grid_style_row(g, 0, STYLE_TITLE);
	col = grid_printf(g, 0, 0, STYLE_TITLE, " cprof  %s", s->title);
	if (a->event[0])
		col = grid_printf(g, 0, col, STYLE_TITLE, "  %s", a->event);
	if (*modes[s->mode])
		col = grid_printf(g, 0, col, STYLE_TITLE, "  (%s)", modes[s->mode]);
	if (s->paused)
		grid_printf(g, 0, col, STYLE_WARN, "  frozen ");
	if (!s->is_live && s->p->n_comments) {
		grid_printf(g, 1, 0, STYLE_PLAIN, " %s", profile_text(s->p, s->p->comments[0]));
		return;
	}
	if (!s->is_live)
		return;
	/* On a narrow screen the figures alone. */
	if (g->cols < NARROW_COLS) {
		grid_printf(g, 1, 0, a->lost ? STYLE_WARN : STYLE_PLAIN,
			    "%s %.0f/s %s lost %.1f%% cost %.1f%%",
			    format_count(samples, a->samples), s->samples_per_s,
			    format_count(lost, a->lost), complete, cost);
		return;
	}
	col = grid_printf(g, 1, 0, STYLE_PLAIN, " %s samples  %.0f/s  ",
			  format_count(samples, a->samples), s->samples_per_s);
	col = grid_printf(g, 1, col, a->lost ? STYLE_WARN : STYLE_PLAIN, "%s lost  ",
			  format_count(lost, a->lost));
	grid_printf(g, 1, col, STYLE_PLAIN, "%.1f %% complete  cost %.2f %%", complete, cost);
}

static void draw_tabs(const struct screen *s, struct grid *g)
{
	for (size_t i = 0; i < N_TABS; i++)
		grid_printf(g, 2, tab_column(i), i == s->tab ? STYLE_SELECTED : STYLE_DIM,
			    " %zu %s ", i + 1, tabs[i]->title);
}

static bool has_footer(const struct screen *s)
{
	return s->prompt || *s->message || *s->bad || *s->search || *s->model.focus ||
	       *s->model.only || s->model.o.in_range;
}

/* The last line: what is typed, what was answered, which filters hold. */
static void draw_footer(const struct screen *s, struct grid *g)
{
	int row = g->rows - 1, col = 0;

	if (row <= HEADER_ROWS)
		row = MIN(1, g->rows - 1);
	grid_clear_row(g, row);
	if (s->prompt)
		col = grid_printf(g, row, 0, STYLE_HEADER, " %s%s_ ", prompts[s->prompt], s->typed);
	else if (*s->search)
		col = grid_printf(g, row, 0, STYLE_HEADER, " /%s ", s->search);
	if (*s->model.focus && s->prompt != PROMPT_FOCUS)
		col = grid_printf(g, row, col, STYLE_HEADER, " only stacks with %s ",
				  s->model.focus);
	if (*s->model.only)
		col = grid_printf(g, row, col, STYLE_HEADER, " only %s ", s->model.only);
	if (s->model.o.in_range)
		col = grid_printf(g, row, col, STYLE_HEADER, " a part of the time ");
	if (*s->bad)
		col = grid_printf(g, row, col, STYLE_WARN, " %s", s->bad);
	grid_printf(g, row, col, STYLE_WARN, " %s", s->message);
}

/* Scrolls where there is not room for all of it. */
static void draw_help(struct screen *s, struct grid *g)
{
	int room = MAX(g->rows - HEADER_ROWS, 1);
	uint32_t hidden = ARRAY_SIZE(key_rows) > (size_t)room
				  ? (uint32_t)(ARRAY_SIZE(key_rows) - (size_t)room)
				  : 0;

	rows_fit(&s->help_rows, hidden + 1, room);
	for (size_t i = s->help_rows.selected; i < ARRAY_SIZE(key_rows); i++) {
		int row = HEADER_ROWS + (int)(i - s->help_rows.selected);

		grid_text(g, row, 2, 9, STYLE_HEADER, key_rows[i].shown);
		grid_text(g, row, 12, g->cols - 12, STYLE_PLAIN, key_rows[i].what);
	}
	if (hidden > s->help_rows.selected)
		grid_text(g, g->rows - 1, MAX(g->cols - 10, 0), 10, STYLE_DIM, " Down: more");
}

void screen_draw(struct screen *s, struct grid *g)
{
	draw_header(s, g);
	draw_tabs(s, g);
	if (s->help)
		draw_help(s, g);
	else if (!model_view(&s->model))
		grid_text(g, HEADER_ROWS + 1, 2, g->cols - 2, STYLE_WARN, s->model.err.what);
	else
		tabs[s->tab]->draw(s, g, HEADER_ROWS, g->rows - HEADER_ROWS - 1 - has_footer(s));
	if (has_footer(s))
		draw_footer(s, g);
}
