/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON written piece by piece, for what is too large to be built as a value first.
 */
#pragma once

#include <stdint.h>

#include "base/str.h"

/* A string; also within a script of a page nothing in it has a meaning. */
void put_json_text(struct str *s, const char *text);
void put_json_number(struct str *s, int64_t value);

/* "NAME":[EXPRESSION, ...], with `i` from 0 to n - 1, and a comma and a line end behind it. */
#define put_json_array(s, name, n, expression)                                                     \
	do {                                                                                       \
		str_puts(s, "\"" name "\":[");                                                     \
		for (size_t i = 0; i < (n); i++) {                                                 \
			if (i)                                                                     \
				str_putc(s, ',');                                                  \
			expression;                                                                \
		}                                                                                  \
		str_puts(s, "],\n");                                                               \
	} while (0)
