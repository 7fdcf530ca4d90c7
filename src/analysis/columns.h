/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The columns of a function table: one table feeds text, JSON and the screens.
 */
#pragma once

#include <stdbool.h>

#include "analysis/tree.h"

enum column {
#define COLUMN(id, title, json, width, right) COLUMN_##id,
#include "analysis/columns.def"
#undef COLUMN
	N_COLUMNS
};

struct column_info {
	const char *title, *json;
	int width;
	bool right;
};

extern const struct column_info columns[N_COLUMNS];

enum { COLUMN_TEXT = 64 };

/* Text of one cell: `buf` (COLUMN_TEXT bytes) or a string of the row's. `unit` is the value's. */
const char *column_text(enum column c, const struct tree_row *row, int64_t total, const char *unit,
			char *buf);
/* A value as people read it, by its unit: nanoseconds, bytes or a count. */
const char *format_value(int64_t value, const char *unit, char *buf);
/* "_[k]", "_[i]", "_[j]", flamegraph.pl's annotations, or "". */
const char *row_annotation(const struct tree_row *row);
