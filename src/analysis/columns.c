/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of a function table. */
#include "analysis/columns.h"

#include "analysis/statistics.h"
#include "base/str.h"

#include <stdio.h>

const struct column_info columns[N_COLUMNS] = {
#define COLUMN(id, title, json, width, right, everywhere) {title, json, width, right, everywhere},
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

double percent_of(double part, double whole)
{
	return whole != 0 ? 100.0 * part / whole : 0.0;
}

static const char *percent(int64_t part, int64_t whole, char *buf)
{
	snprintf(buf, COLUMN_TEXT, "%.2f", percent_of(part, whole));
	return buf;
}

/* What the share would be of 95 in 100 recordings like this one. */
static const char *interval(int64_t part, const struct view *v, char *buf)
{
	double low, high;

	if (!share_interval(percent_of(part, v->whole) / 100, v->samples, &low, &high))
		return "";
	snprintf(buf, COLUMN_TEXT, "%.*f-%.*f", high < 0.1 ? 2 : 1, 100 * low, high < 0.1 ? 2 : 1,
		 100 * high);
	return buf;
}

const char *column_text(enum column c, const struct function *f, const struct view *v, char *buf)
{
	switch (c) {
	case COLUMN_SELF_PERCENT:
		return percent(f->self, v->whole, buf);
	case COLUMN_INTERVAL:
		return interval(f->self, v, buf);
	case COLUMN_TOTAL_PERCENT:
		return percent(f->total, v->whole, buf);
	case COLUMN_SELF:
		return format_value(f->self, v->unit, buf);
	case COLUMN_TOTAL:
		return format_value(f->total, v->unit, buf);
	case COLUMN_FUNCTION:
		return f->name;
	case COLUMN_MODULE:
		return f->module;
	case N_COLUMNS:
		break;
	}
	return "";
}

const char *function_annotation(const struct function *f)
{
	if (f->is_group)
		return "";
	if (f->inlined)
		return "_[i]";
	if (f->kind == FRAME_KERNEL)
		return "_[k]";
	return f->kind == FRAME_JIT ? "_[j]" : "";
}
