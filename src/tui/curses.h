/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal: the only code that touches it (ncurses).
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "tui/grid.h"

/* Is there a terminal that can show a screen? An error says why not. */
int curses_check(struct err *err);
/* Takes the terminal over. An error says why it cannot be. */
int curses_open(bool colour, struct err *err);
void curses_close(void);
void curses_size(int *ret_rows, int *ret_cols);
void curses_show(const struct grid *g);
/* The key that is waiting (see tui/screen.h), KEY_NONE when there is none; of a click where it was.
 */
uint32_t curses_key(int *ret_row, int *ret_col);
/* Are clicks keys? Else the terminal selects text with them. */
void curses_mouse(bool on);
