/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal (ncurses). */
#include "tui/curses.h"

#include "base/mem.h"
#include "base/str.h"
#include "tui/screen.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

static attr_t attributes[STYLE_WARN + 1] = {
	[STYLE_TITLE] = A_REVERSE, [STYLE_HEADER] = A_BOLD,    [STYLE_SELECTED] = A_REVERSE,
	[STYLE_DIM] = A_DIM,       [STYLE_FOUND] = A_STANDOUT, [STYLE_WARN] = A_BOLD,
};

enum { FIRST_BOX_PAIR = 8, MAX_BOX_PAIRS = 240 };

static struct {
	bool has_boxes; /* coloured backgrounds */
	bool ascii;     /* the terminal's locale has nothing else */
	uint32_t colours[MAX_BOX_PAIRS];
	int n;
} terminal;

static void set_colours(void)
{
	start_color();
	use_default_colors();
	init_pair(1, COLOR_YELLOW, -1);
	init_pair(2, COLOR_RED, -1);
	init_pair(3, COLOR_CYAN, -1);
	init_pair(4, COLOR_MAGENTA, -1);
	attributes[STYLE_KERNEL] = (attr_t)COLOR_PAIR(1);
	attributes[STYLE_WARN] = (attr_t)COLOR_PAIR(2) | A_BOLD;
	attributes[STYLE_HEADER] = (attr_t)COLOR_PAIR(3) | A_BOLD;
	attributes[STYLE_FOUND] = (attr_t)COLOR_PAIR(4) | A_BOLD;
	terminal.has_boxes = true;
}

/* The terminal's number of a colour: itself where there are 24 bits, else the nearest of the 6x6x6
 * cube, else one of eight. */
static int nearest(uint32_t rgb)
{
	int r = (int)(rgb >> 16 & 255), g = (int)(rgb >> 8 & 255), b = (int)(rgb & 255);

	if (COLORS >= 1 << 24)
		return (int)rgb;
	if (COLORS >= 256)
		return 16 + 36 * ((r + 25) / 51) + 6 * ((g + 25) / 51) + (b + 25) / 51;
	return (r > 170 ? COLOR_RED : 0) | (g > 150 ? COLOR_GREEN : 0) | (b > 170 ? COLOR_BLUE : 0);
}

/* Dark text on that colour. Beyond what the terminal has pairs for, one that is used already. */
static int pair_of(uint32_t rgb)
{
	int colour = nearest(rgb), most = MIN(MAX_BOX_PAIRS, COLOR_PAIRS - FIRST_BOX_PAIR - 1);

	if (most <= 0)
		return 0;
	for (int i = 0; i < terminal.n; i++)
		if (terminal.colours[i] == (uint32_t)colour)
			return FIRST_BOX_PAIR + i;
	if (terminal.n >= most)
		return FIRST_BOX_PAIR + (int)((uint32_t)colour % (uint32_t)terminal.n);
	terminal.colours[terminal.n] = (uint32_t)colour;
	init_extended_pair(FIRST_BOX_PAIR + terminal.n, COLORS >= 256 ? nearest(0) : COLOR_BLACK,
			   colour);
	return FIRST_BOX_PAIR + terminal.n++;
}

/* Terminals with 24-bit colour say so in $COLORTERM; their entry for it, if it is installed, has
 * another name. */
static const char *direct_term(const char *term, char *buf, size_t size)
{
	const char *colour = getenv("COLORTERM");
	int status;

	snprintf(buf, size, "%s-direct", term);
	if (!colour || !(strstr(colour, "truecolor") || strstr(colour, "24bit")) ||
	    strstr(term, "direct"))
		return term;
	if (setupterm(buf, STDOUT_FILENO, &status) == OK)
		return buf;
	return term;
}

int curses_check(struct err *err)
{
	const char *term = getenv("TERM");
	int status;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		err_set(err, 0, "this is no terminal");
		return err_cure(
			err,
			"run it in a terminal; 'cprof record' and 'cprof report' work without");
	}
	if (!term || setupterm(term, STDOUT_FILENO, &status) == ERR || !cursor_address) {
		err_set(err, 0, "the terminal '%s' cannot show a screen", term ? term : "");
		return err_cure(err, "set TERM to your terminal's type, or use 'cprof record'");
	}
	return 0;
}

int curses_open(bool colour, struct err *err)
{
	const char *term = getenv("TERM");
	char direct[80];

	if (curses_check(err))
		return err->code;
	terminal.ascii = !setlocale(LC_CTYPE, "") || !str_equal(nl_langinfo(CODESET), "UTF-8");
	if (!newterm(colour ? direct_term(term, direct, sizeof(direct)) : term, stdout, stdin)) {
		err_set(err, 0, "the terminal '%s' cannot show a screen", term);
		return err_cure(err, "set TERM to your terminal's type, or use 'cprof record'");
	}
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	if (colour && has_colors())
		set_colours();
	return 0;
}

void curses_close(void)
{
	if (!isendwin())
		endwin();
}

void curses_size(int *ret_rows, int *ret_cols)
{
	getmaxyx(stdscr, *ret_rows, *ret_cols);
}

/* What a terminal that only knows ASCII shows in the place of a character. */
static uint32_t in_ascii(uint32_t ch)
{
	if (ch < 128)
		return ch;
	if (ch >= 0x2581 && ch <= 0x2588)
		return (uint32_t) ".:-=+*%#"[ch - 0x2581];
	if (ch == 0x258f)
		return '|';
	if (ch >= 0x2591 && ch <= 0x2593)
		return (uint32_t) ".oO"[ch - 0x2591];
	return '?';
}

static void show_cell(int row, int col, const struct cell *cell)
{
	wchar_t text[2] = {(wchar_t)(terminal.ascii ? in_ascii(cell->ch) : cell->ch), 0};
	attr_t attributes_ = attributes[cell->style] & ~A_COLOR;
	int pair = PAIR_NUMBER(attributes[cell->style]);
	cchar_t out;

	if (cell->colour && terminal.has_boxes && cell->style == STYLE_BOX)
		pair = pair_of(cell->colour);
	setcchar(&out, text, attributes_, (short)pair, &pair);
	mvadd_wch(row, col, &out);
}

void curses_show(const struct grid *g)
{
	for (int row = 0; row < g->rows; row++)
		for (int col = 0; col < g->cols; col++)
			show_cell(row, col, &g->cells[row * g->cols + col]);
	refresh();
}

void curses_mouse(bool on)
{
	mousemask(on ? BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED : 0,
		  NULL);
	mouseinterval(0);
}

static uint32_t mouse_key(int *ret_row, int *ret_col)
{
	MEVENT e;

	if (getmouse(&e) != OK)
		return KEY_SPECIAL;
	*ret_row = e.y;
	*ret_col = e.x;
	if (e.bstate & BUTTON4_PRESSED)
		return KEY_WHEEL_UP;
	return e.bstate & BUTTON5_PRESSED ? KEY_WHEEL_DOWN : KEY_CLICK;
}

uint32_t curses_key(int *ret_row, int *ret_col)
{
	wint_t ch;
	int kind = get_wch(&ch);

	if (kind == ERR)
		return KEY_NONE;
	if (kind != KEY_CODE_YES)
		return ch;
	switch (ch) {
	case KEY_DOWN:
		return KEY_ARROW_DOWN;
	case KEY_UP:
		return KEY_ARROW_UP;
	case KEY_LEFT:
		return KEY_ARROW_LEFT;
	case KEY_RIGHT:
		return KEY_ARROW_RIGHT;
	case KEY_BTAB:
		return KEY_BACK_TAB;
	case KEY_MOUSE:
		return mouse_key(ret_row, ret_col);
	case KEY_NPAGE:
		return KEY_PAGE_DOWN_;
	case KEY_PPAGE:
		return KEY_PAGE_UP_;
	case KEY_HOME:
		return KEY_FIRST_;
	case KEY_END:
		return KEY_LAST_;
	case KEY_BACKSPACE:
		return KEY_ERASE;
	case KEY_ENTER:
		return KEY_ENTER_;
	case KEY_RESIZE:
		return KEY_RESIZED;
	default:
		return ch > KEY_F0 && ch <= KEY_F(12) ? KEY_FUNCTION + (ch - KEY_F0) : KEY_SPECIAL;
	}
}
