/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header line of a sample, as 'perf script' prints it: any of its fields may be left out.
 *
 *   command  123/124 [001]  81.500123:  250000 cycles:u:  rest
 *
 * A command may have blanks, digits, brackets and whatever else, so that the line is read from what
 * cannot be in doubt: its time, its CPU, its event.
 * Source: perf_sample__fprintf_start() and process_event() of tools/perf/builtin-script.c.
 */
#pragma once

#include "format/perf_fields.h"

enum perf_line {
	PERF_NOTHING,
	PERF_SAMPLE,
	PERF_SAMPLE_MAYBE, /* it is one if frames follow */
	PERF_RECORD,       /* of who is mapped where, what was lost and so on: `rest` */
};

/* What the line is; the parts of `ret` point into it. */
enum perf_line perf_header_parse(const char *line, const char *end, struct perf_header *ret);
