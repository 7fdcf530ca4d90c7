/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal: the only code that touches it (ncurses).
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "tui/grid.h"

/* Takes the terminal over. An error says why it cannot be. */
int curses_open(bool colour, struct err *err);
void curses_close(void);
void curses_size(int *ret_rows, int *ret_cols);
void curses_show(const struct grid *g);
/* The key that is waiting (see tui/top_screen.h), KEY_NONE when there is none. */
uint32_t curses_key(void);
