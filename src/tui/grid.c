/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A grid of character cells in memory. */
#include "tui/grid.h"

#include "base/mem.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <wchar.h>

void grid_reset(struct grid *g, int rows, int cols)
{
	g->rows = rows > 0 ? rows : 0;
	g->cols = cols > 0 ? cols : 0;
	g->cells = mem_resize(g->cells, (size_t)g->rows * (size_t)g->cols, sizeof(*g->cells));
	for (int i = 0; i < g->rows * g->cols; i++)
		g->cells[i] = (struct cell){' ', STYLE_PLAIN, 0};
}

void grid_release(struct grid *g)
{
	free(g->cells);
	*g = (struct grid){0};
}

static struct cell *cell_at(struct grid *g, int row, int col)
{
	bool is_in = row >= 0 && row < g->rows && col >= 0 && col < g->cols;

	return is_in ? &g->cells[row * g->cols + col] : NULL;
}

void grid_put(struct grid *g, int row, int col, uint32_t ch, enum style style)
{
	struct cell *cell = cell_at(g, row, col);

	if (cell)
		*cell = (struct cell){ch, (uint8_t)style, cell->colour};
}

void grid_colour(struct grid *g, int row, int col, uint32_t colour)
{
	struct cell *cell = cell_at(g, row, col);

	if (cell)
		cell->colour = colour;
}

void grid_style(struct grid *g, int row, int col, enum style style)
{
	struct cell *cell = cell_at(g, row, col);

	if (cell)
		cell->style = (uint8_t)style;
}

/* The next code point of valid UTF-8, or '?' for one byte of anything else. */
static uint32_t next_point(const unsigned char **s)
{
	const unsigned char *p = *s;
	size_t n = utf8_length((const char *)p);
	uint32_t ch = n == 1 ? *p : *p & (0x7fu >> n);

	*s += MAX(n, (size_t)1);
	if (!n)
		return '?';
	for (size_t i = 1; i < n; i++)
		ch = ch << 6 | (p[i] & 0x3f);
	return ch;
}

int grid_text(struct grid *g, int row, int col, int width, enum style style, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	int end = col + width;

	while (*s && col < end) {
		uint32_t ch = next_point(&s);

		if (ch < 32 || ch == 127 || (ch > 127 && wcwidth((wchar_t)ch) != 1))
			ch = '?';
		grid_put(g, row, col, ch, style);
		col++;
	}
	return col;
}

int grid_printf(struct grid *g, int row, int col, enum style style, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return grid_text(g, row, col, g->cols - col, style, text);
}

void grid_clear_row(struct grid *g, int row)
{
	for (int col = 0; col < g->cols; col++) {
		struct cell *cell = cell_at(g, row, col);

		if (cell)
			*cell = (struct cell){' ', STYLE_PLAIN, 0};
	}
}

void grid_style_row(struct grid *g, int row, enum style style)
{
	for (int col = 0; row >= 0 && row < g->rows && col < g->cols; col++)
		g->cells[row * g->cols + col].style = (uint8_t)style;
}

void utf8_put(struct str *out, uint32_t ch)
{
	if (ch < 0x80) {
		str_putc(out, (char)ch);
	} else if (ch < 0x800) {
		str_putc(out, (char)(0xc0 | ch >> 6));
		str_putc(out, (char)(0x80 | (ch & 0x3f)));
	} else if (ch < 0x10000) {
		str_putc(out, (char)(0xe0 | ch >> 12));
		str_putc(out, (char)(0x80 | (ch >> 6 & 0x3f)));
		str_putc(out, (char)(0x80 | (ch & 0x3f)));
	} else {
		str_putc(out, (char)(0xf0 | ch >> 18));
		str_putc(out, (char)(0x80 | (ch >> 12 & 0x3f)));
		str_putc(out, (char)(0x80 | (ch >> 6 & 0x3f)));
		str_putc(out, (char)(0x80 | (ch & 0x3f)));
	}
}

void grid_dump(const struct grid *g, struct str *out)
{
	for (int row = 0; row < g->rows; row++) {
		int last = g->cols;

		while (last > 0 && g->cells[row * g->cols + last - 1].ch == ' ')
			last--;
		for (int col = 0; col < last; col++)
			utf8_put(out, g->cells[row * g->cols + col].ch);
		str_putc(out, '\n');
	}
}
