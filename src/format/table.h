/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The function table and the call tree as text, and the table as JSON.
 */
#pragma once

#include <stdbool.h>

#include "analysis/tree.h"
#include "base/json.h"
#include "base/str.h"

struct table_options {
	enum sort_key sort;
	size_t most; /* rows; 0: all */
	bool colour;
	size_t width; /* of the terminal; 0: no limit */
};

/* Appends the function table. */
void table_text(const struct tree *t, const struct table_options *o, struct str *out);
/* Appends the call tree from the root down; branches below half a percent are left out. */
void tree_text(const struct tree *t, const struct table_options *o, struct str *out);
/* Appends {"version": 1, "type", "unit", "total", "functions": [...]} */
void table_json(const struct tree *t, const struct table_options *o, struct str *out);
