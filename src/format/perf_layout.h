/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which fields 'perf script' was told to print (-F): the same ones in all lines of a kind of event,
 * in the same order, so that many lines together tell what one alone does not.
 *
 *   comm  pid/tid  [cpu]  misc  time:  period  event:  frame
 *
 * Shape: found by trying every choice of fields on the first lines: the one that fits most of them,
 *        and has most fields, is it.
 * Bounds: MAX_LINES lines.
 */
#pragma once

#include "format/perf_fields.h"

struct perf_layout {
	bool comm, ids, cpu, misc, time, period, event;
	bool is_flat;     /* the only frame stands in the line, none below it */
	bool known, sure; /* most lines are so; nearly all are, and hardly anything else is */
};

/* The layout of a text by its first `len` bytes. */
struct perf_layout perf_layout_find(const char *head, size_t len);
/* Reads a line by it; false: it is not so. */
bool perf_layout_parse(const struct perf_layout *l, const char *line, const char *end,
		       struct perf_header *ret);
