/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The function table and the call tree as text, and the table as JSON and CSV.
 */
#pragma once

#include <stdbool.h>

#include "analysis/view.h"
#include "base/json.h"
#include "base/str.h"

struct table_options {
	enum sort_key sort;
	size_t most; /* rows; 0: all */
	bool colour;
	size_t width; /* of the terminal; 0: no limit */
};

/* Append the function table, or with groups one for each; the view is counted for it. */
void table_text(struct view *v, const struct table_options *o, struct str *out);
void table_csv(struct view *v, const struct table_options *o, struct str *out);
/* {"version": 1, "type", "unit", "total", "functions": [...]}: cprof-export(1) says it all. */
void table_json(struct view *v, const struct table_options *o, struct str *out);
/* Appends the call tree, from the root down or, inverted, from the leaves up; branches below half a
 * percent are left out. */
void tree_text(const struct view *v, bool inverted, const struct table_options *o, struct str *out);
