/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The screen: a header, tabs, and what the chosen tab shows of a profile. Draws into a grid, and
 * takes keys.
 *
 * Knows neither terminal nor profiler: what it wants done it asks its owner for (`request`), so
 * tests run it on saved profiles.
 * Owner: screen_release().
 */
#pragma once

#include <stdbool.h>

#include "profile/code.h"
#include "tui/grid.h"
#include "tui/model.h"

/* Keys that are no character; characters are themselves. */
enum key {
	KEY_NONE = 0,
	KEY_ENTER_ = '\r',
	KEY_ESCAPE_ = '\033',
	KEY_ERASE = 127,
	KEY_SPECIAL = 0x110000,
	KEY_ARROW_DOWN,
	KEY_ARROW_UP,
	KEY_ARROW_LEFT,
	KEY_ARROW_RIGHT,
	KEY_PAGE_DOWN_,
	KEY_PAGE_UP_,
	KEY_FIRST_,
	KEY_LAST_,
	KEY_BACK_TAB,
	KEY_RESIZED,
	KEY_WHEEL_DOWN,
	KEY_WHEEL_UP,
	KEY_CLICK,                          /* screen.click_row, click_col */
	KEY_FUNCTION = KEY_SPECIAL + 0x100, /* + number */
};

enum action {
	ACTION_NONE,
#define KEY(action, keys, shown, what) ACTION_##action,
#include "tui/keys.def"
#undef KEY
};

enum tab_id {
#define TAB(id, title) TAB_##id,
#include "tui/tabs.def"
#undef TAB
	N_TABS
};

enum mode { MODE_ADD_UP, MODE_FADE, MODE_LAST, N_MODES };

/* What the owner is to do; it clears it, and puts what came of it into `message`. */
enum request { REQUEST_NONE, REQUEST_RESET, REQUEST_TARGET, REQUEST_SAVE, REQUEST_MOUSE };

/* What a line at the bottom is typed for. */
enum prompt { PROMPT_NONE, PROMPT_SEARCH, PROMPT_FOCUS, PROMPT_TARGET, PROMPT_SAVE };

struct rows {
	uint32_t selected, first, n;
	int page; /* of the last drawing */
};

struct tree_state {
	struct map64 open; /* node_key -> 1 opened, 0 closed; else by weight */
	uint32_t *shown;   /* nodes of the last drawing, row by row */
	size_t n, cap;
};

struct flame_state {
	uint64_t zoomed, selected; /* node_key; 0: the whole */
};

struct source_state {
	uint64_t function; /* function_key; 0: none chosen */
	bool as_code;
	struct code code; /* of `function`, when has_code */
	bool has_code;
	char why_not[256];
};

struct screen {
	struct model model;
	const struct profile *p;
	const char *title;
	enum tab_id tab;
	enum mode mode;
	bool quit, paused, help, inverted, mouse, is_live;
	enum request request;
	char text[256]; /* of the request */
	char message[256];
	enum prompt prompt;
	char typed[256];
	char search[128];
	struct regex *found; /* of `search`; NULL: none */
	char bad[160];       /* why it is no regular expression, "" if it is one */
	int sort;            /* a column of the functions' table */
	struct rows rows[N_TABS], help_rows;
	struct tree_state tree;
	struct flame_state flame;
	struct source_state source;
	uint32_t time_block; /* the cursor */
	int64_t range_start; /* as the profile has it; -1: none */
	double samples_per_s;
	int click_row, click_col;
	const char *source_path;
	int (*annotate)(void *ctx, mapping_id mapping, uint64_t offset, struct code *ret,
			struct err *err);
	void *annotate_ctx;
};

struct tab {
	const char *title;
	/* Draws a title into row `top`, and into the `room` rows (0 or less: none) below it. */
	void (*draw)(struct screen *s, struct grid *g, int top, int room);
	/* Returns true when the key was the tab's; others are for all. */
	bool (*act)(struct screen *s, enum action a);
};

#define TAB(id, title) extern const struct tab tab_##id;
#include "tui/tabs.def"
#undef TAB

void screen_init(struct screen *s, const char *title);
void screen_release(struct screen *s);
/* Which samples are shown at first. */
void screen_set_view(struct screen *s, const struct view_options *o);
/* What was known of the past, or of another target, is no more. */
void screen_forget(struct screen *s);
/* The profile has changed, or is another one. */
void screen_changed(struct screen *s, const struct profile *p);
/* Returns true when the screen changed. */
bool screen_key(struct screen *s, uint32_t key);
void screen_draw(struct screen *s, struct grid *g);

/* -- for the tabs -- */

void rows_move(struct rows *r, int64_t by);
/* Lets the selected row be within the `page` rows that there are room for. */
void rows_fit(struct rows *r, uint32_t n, int page);
bool rows_act(struct rows *r, enum action a);
bool is_found(const struct screen *s, const char *text);
enum style function_style(const struct function *f);
/* Shows a function's source. */
void screen_open_source(struct screen *s, const struct function *f);
/* Shows only one group on every tab. */
void screen_only(struct screen *s, enum group_by by, const char *name);
/* The function with that key; NO_ID: it has no weight. */
uint32_t find_function(const struct view *v, uint64_t key);
