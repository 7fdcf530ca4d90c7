/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The top screen: functions by self and total. Draws a profile into a grid, and takes keys.
 *
 * Knows neither terminal nor profiler, so tests run it on saved profiles.
 * Owner: top_screen_release().
 */
#pragma once

#include <stdbool.h>

#include "analysis/view.h"
#include "profile/profile.h"
#include "tui/grid.h"

/* Keys that are no character; characters are themselves. */
enum key {
	KEY_NONE = 0,
	KEY_ENTER_ = '\r',
	KEY_ESCAPE_ = '\033',
	KEY_ERASE = 127,
	KEY_SPECIAL = 0x110000,
	KEY_ARROW_DOWN,
	KEY_ARROW_UP,
	KEY_PAGE_DOWN_,
	KEY_PAGE_UP_,
	KEY_FIRST_,
	KEY_LAST_,
	KEY_RESIZED,
};

struct top_screen {
	enum sort_key sort;
	bool quit, paused, help;
	bool reset;   /* asked for; the caller clears it */
	bool editing; /* the filter */
	char filter[128];
	char bad_filter[160];     /* why it is no regular expression, "" if it is one */
	uint32_t selected, first; /* rows of the filtered table */
	uint32_t n_shown;         /* of the last drawing */
	int page;
	const char *title;
	double samples_per_s;
};

void top_screen_init(struct top_screen *s, const char *title);
/* Returns true when the screen changed. */
bool top_screen_key(struct top_screen *s, uint32_t key);
void top_screen_draw(struct top_screen *s, struct grid *g, const struct profile *p);
