/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A grid of character cells in memory: what a screen draws into and tests compare.
 *
 * Shape: rows x cols cells; a cell is one code point of one column and a style.
 * Owner: grid_release().
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum style {
	STYLE_PLAIN,
	STYLE_TITLE,
	STYLE_HEADER,
	STYLE_SELECTED,
	STYLE_DIM,
	STYLE_KERNEL,
	STYLE_FOUND,
	STYLE_BOX, /* on a colour of its own */
	STYLE_WARN
};

struct cell {
	uint32_t ch;
	uint8_t style;   /* enum style */
	uint32_t colour; /* of the background, 0xRRGGBB; 0: the style's */
};

struct grid {
	int rows, cols;
	struct cell *cells;
};

/* Sets the size and clears to blanks. */
void grid_reset(struct grid *g, int rows, int cols);
void grid_release(struct grid *g);
/* Writes UTF-8 text from (row, col) on, at most `width` columns; damaged bytes become '?', code
 * points that are wide or of no width are replaced too. What lies outside is cut. Returns the
 * column behind the text. */
int grid_text(struct grid *g, int row, int col, int width, enum style style, const char *text);
int grid_printf(struct grid *g, int row, int col, enum style style, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* One cell, as grid_text(). */
void grid_put(struct grid *g, int row, int col, uint32_t ch, enum style style);
void grid_colour(struct grid *g, int row, int col, uint32_t colour);
void grid_style(struct grid *g, int row, int col, enum style style);
void grid_clear_row(struct grid *g, int row);
/* Gives a whole row a style. */
void grid_style_row(struct grid *g, int row, enum style style);
/* Appends the rows as UTF-8 lines without trailing blanks. */
void grid_dump(const struct grid *g, struct str *out);
/* Appends one code point as UTF-8. */
void utf8_put(struct str *out, uint32_t ch);
