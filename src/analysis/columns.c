/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of a function table. */
#include "analysis/columns.h"

#include "base/str.h"

#include <stdio.h>

const struct column_info columns[N_COLUMNS] = {
#define COLUMN(id, title, json, width, right) {title, json, width, right},
#include "analysis/columns.def"
#undef COLUMN
};

const char *format_value(int64_t value, const char *unit, char *buf)
{
	if (str_equal(unit, "nanoseconds"))
		return format_ns(buf, (double)value);
	if (value < 0)
		snprintf(buf, COLUMN_TEXT, "%lld", (long long)value);
	else if (str_equal(unit, "bytes"))
		format_bytes(buf, (uint64_t)value);
	else
		format_count(buf, (uint64_t)value);
	return buf;
}

static const char *percent(int64_t part, int64_t whole, char *buf)
{
	snprintf(buf, COLUMN_TEXT, "%.2f", whole ? 100.0 * (double)part / (double)whole : 0.0);
	return buf;
}

const char *column_text(enum column c, const struct tree_row *row, int64_t total, const char *unit,
			char *buf)
{
	switch (c) {
	case COLUMN_SELF_PERCENT:
		return percent(row->self, total, buf);
	case COLUMN_TOTAL_PERCENT:
		return percent(row->total, total, buf);
	case COLUMN_SELF:
		return format_value(row->self, unit, buf);
	case COLUMN_TOTAL:
		return format_value(row->total, unit, buf);
	case COLUMN_FUNCTION:
		return row->name;
	case COLUMN_MODULE:
		return row->module;
	case N_COLUMNS:
		break;
	}
	return "";
}

const char *row_annotation(const struct tree_row *row)
{
	if (row->is_group)
		return "";
	return row->inlined                ? "_[i]"
	       : row->kind == FRAME_KERNEL ? "_[k]"
	       : row->kind == FRAME_JIT    ? "_[j]"
					   : "";
}
