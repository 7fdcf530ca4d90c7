/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which trace a request belongs to.
 *
 * Source: W3C Trace Context, section 3.2 (the traceparent header).
 */
#pragma once

#include <stdbool.h>

struct trace_context {
	char trace_id[33];  /* hexadecimal, never all zero */
	char parent_id[17]; /* the span that asked; "": none did */
	char span_id[17];   /* ours */
};

/* From a header, or (NULL, or one that is damaged) a new trace. */
void trace_context_take(struct trace_context *t, const char *traceparent);
/* Does the header say a trace? */
bool trace_context_parse(const char *traceparent, struct trace_context *ret);
