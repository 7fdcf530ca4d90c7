/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal (ncurses). */
#include "tui/curses.h"

#include "tui/top_screen.h"

#include <curses.h>
#include <locale.h>
#include <stdlib.h>
#include <term.h>
#include <unistd.h>

static attr_t attributes[STYLE_WARN + 1] = {
	[STYLE_TITLE] = A_REVERSE, [STYLE_HEADER] = A_BOLD, [STYLE_SELECTED] = A_REVERSE,
	[STYLE_DIM] = A_DIM,       [STYLE_WARN] = A_BOLD,
};

static void set_colours(void)
{
	start_color();
	use_default_colors();
	init_pair(1, COLOR_YELLOW, -1);
	init_pair(2, COLOR_RED, -1);
	init_pair(3, COLOR_CYAN, -1);
	attributes[STYLE_KERNEL] = (attr_t)COLOR_PAIR(1);
	attributes[STYLE_WARN] = (attr_t)COLOR_PAIR(2) | A_BOLD;
	attributes[STYLE_HEADER] = (attr_t)COLOR_PAIR(3) | A_BOLD;
}

int curses_open(bool colour, struct err *err)
{
	const char *term = getenv("TERM");
	int status;

	setlocale(LC_CTYPE, "");
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		err_set(err, 0, "this is no terminal");
		return err_cure(
			err,
			"run it in a terminal; 'cprof record' and 'cprof report' work without");
	}
	if (!term || setupterm(NULL, STDOUT_FILENO, &status) == ERR || !cursor_address) {
		err_set(err, 0, "the terminal '%s' cannot show a screen", term ? term : "");
		return err_cure(err, "set TERM to your terminal's type, or use 'cprof record'");
	}
	initscr();
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

void curses_show(const struct grid *g)
{
	for (int row = 0; row < g->rows; row++) {
		for (int col = 0; col < g->cols; col++) {
			const struct cell *cell = &g->cells[row * g->cols + col];
			wchar_t text[2] = {(wchar_t)cell->ch, 0};
			cchar_t out;

			setcchar(&out, text, attributes[cell->style] & ~A_COLOR,
				 (short)PAIR_NUMBER(attributes[cell->style]), NULL);
			mvadd_wch(row, col, &out);
		}
	}
	refresh();
}

uint32_t curses_key(void)
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
		return KEY_SPECIAL;
	}
}
