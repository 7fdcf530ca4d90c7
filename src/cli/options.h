/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options of a command: one table that parses them and prints help, completions and the manual.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

/* What a shell may complete an argument with. */
enum complete { COMPLETE_NOTHING, COMPLETE_FILE, COMPLETE_PID, COMPLETE_CHOICES };

struct option_row {
	char letter; /* 0: none */
	const char *name;
	const char *arg; /* NULL: takes none; "[=ARG]": may be left out */
	const char *help;
	enum complete complete;
	const char *choices; /* for COMPLETE_CHOICES, separated by '|' */
	/* Takes the argument (NULL for a flag). */
	int (*set)(void *ctx, const char *arg, struct err *err);
};

struct option_table {
	const struct option_row *rows;
	size_t n;
	void *ctx;
};

/*
 * Parses options: up to the first operand (`stop`: what follows is another command's), or wherever
 * they stand, moving operands behind them. Returns the index of the first operand, or a negative
 * errno.
 */
int options_parse(const struct option_table *tables, size_t n_tables, int argc, char **argv,
		  bool stop, struct err *err);

/* Appends the lines of --help. */
void options_help(const struct option_table *table, struct str *out);
