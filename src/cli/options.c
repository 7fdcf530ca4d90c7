/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of a command, from its table. */
#include "cli/options.h"

#include "base/mem.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_LONG = 256, HELP_COLUMN = 26, HELP_WIDTH = 96 };

static const struct option_row *row_at(const struct option_table *tables, size_t n_tables, size_t i)
{
	for (size_t t = 0; t < n_tables; t++) {
		if (i < tables[t].n)
			return &tables[t].rows[i];
		i -= tables[t].n;
	}
	return NULL;
}

static void *ctx_at(const struct option_table *tables, size_t i)
{
	while (i >= tables->n)
		i -= (tables++)->n;
	return tables->ctx;
}

static int unknown_option(const struct option_table *tables, size_t n_tables, const char *text,
			  int letter, struct err *err)
{
	const struct option_row *row;
	const char *names[128], *near;
	auto_free char *name = mem_strdup(text + strspn(text, "-"));
	size_t n = 0;

	name[strcspn(name, "=")] = '\0';
	if (letter && !str_starts(text, "--"))
		err_usage(err, "unknown option '-%c'", letter);
	else
		err_usage(err, "unknown option '--%.60s'", name);
	for (size_t i = 0; (row = row_at(tables, n_tables, i)) && n < ARRAY_SIZE(names); i++)
		names[n++] = row->name;
	near = str_starts(text, "--") ? nearest_word(name, names, n) : NULL;
	if (near)
		return err_cure(err, "did you mean '--%s'?", near);
	return err_cure(err, "--help lists the options");
}

static int missing_argument(const struct option_row *row, struct err *err)
{
	err_usage(err, "option '--%s' needs an argument: %s", row->name, row->arg);
	return err_cure(err, "--help says more");
}

int options_parse(const struct option_table *tables, size_t n_tables, int argc, char **argv,
		  bool stop, struct err *err)
{
	struct option longs[128] = {0};
	char letters[300] = "+:";
	char *form = stop ? letters : letters + 1;
	const struct option_row *row;
	size_t n = 0, at = 2;
	int c, index;

	for (; (row = row_at(tables, n_tables, n)) && n + 1 < ARRAY_SIZE(longs); n++) {
		int wants = row->arg ? required_argument : no_argument;

		if (row->arg && *row->arg == '[')
			wants = optional_argument;
		longs[n] = (struct option){row->name, wants, NULL, FIRST_LONG + (int)n};
		if (row->letter) {
			letters[at++] = row->letter;
			if (row->arg)
				letters[at++] = ':';
		}
	}
	optind = 0;
	opterr = 0;
	for (;;) {
		index = -1;
		c = getopt_long(argc, argv, form, longs, &index);
		if (c == -1)
			break;
		if (c == '?' || c == ':') {
			if (c == ':') {
				for (size_t i = 0; (row = row_at(tables, n_tables, i)); i++)
					if (optopt == row->letter || optopt == FIRST_LONG + (int)i)
						return missing_argument(row, err);
			}
			return unknown_option(tables, n_tables, argv[optind - 1], optopt, err);
		}
		index = c - FIRST_LONG;
		for (size_t i = 0; c < FIRST_LONG && (row = row_at(tables, n_tables, i)); i++)
			if (row->letter == c)
				index = (int)i;
		row = row_at(tables, n_tables, (size_t)index);
		if (row->set(ctx_at(tables, (size_t)index), optarg, err))
			return err->code;
	}
	return optind;
}

/* Appends `text` in lines of HELP_WIDTH, the first one at HELP_COLUMN already. */
static void wrap(struct str *out, const char *text)
{
	size_t column = HELP_COLUMN;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (column + n > HELP_WIDTH && column > HELP_COLUMN) {
			str_printf(out, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		}
		str_add(out, text, n);
		column += n;
		text += n;
		if (*text) {
			str_putc(out, ' ');
			column++;
			text++;
		}
	}
	str_putc(out, '\n');
}

void options_help(const struct option_table *table, struct str *out)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct option_row *row = &table->rows[i];
		char left[80], letter[8] = "    ";

		if (row->letter)
			snprintf(letter, sizeof(letter), "-%c, ", row->letter);
		snprintf(left, sizeof(left), "  %s--%s%s%s", letter, row->name,
			 row->arg && *row->arg != '[' ? " " : "", row->arg ? row->arg : "");
		if (strlen(left) + 2 > HELP_COLUMN)
			str_printf(out, "%s\n%*s", left, HELP_COLUMN, "");
		else
			str_printf(out, "%-*s", HELP_COLUMN, left);
		wrap(out, row->help);
	}
}
