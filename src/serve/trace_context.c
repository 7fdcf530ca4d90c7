/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which trace a request belongs to. */
#include "serve/trace_context.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { TRACE_DIGITS = 32, SPAN_DIGITS = 16 };

static bool is_id(const char *text, size_t digits)
{
	return strspn(text, "0123456789abcdef") >= digits && strspn(text, "0") < digits;
}

bool trace_context_parse(const char *h, struct trace_context *ret)
{
	const char *trace = h + 3, *span = trace + TRACE_DIGITS + 1,
		   *flags = span + SPAN_DIGITS + 1;
	const size_t least = 3 + TRACE_DIGITS + 1 + SPAN_DIGITS + 1 + 2;
	size_t len = strnlen(h, least + 1);

	/* Version 00 ends after the flags; later ones may go on behind another '-'. */
	if (len < least || h[2] != '-' || strspn(h, "0123456789abcdef") != 2 ||
	    (h[0] == 'f' && h[1] == 'f') || trace[TRACE_DIGITS] != '-' ||
	    span[SPAN_DIGITS] != '-' || !is_id(trace, TRACE_DIGITS) || !is_id(span, SPAN_DIGITS) ||
	    strspn(flags, "0123456789abcdef") < 2 || (flags[2] && flags[2] != '-') ||
	    (flags[2] && h[0] == '0' && h[1] == '0'))
		return false;
	snprintf(ret->trace_id, sizeof(ret->trace_id), "%.*s", TRACE_DIGITS, trace);
	snprintf(ret->parent_id, sizeof(ret->parent_id), "%.*s", SPAN_DIGITS, span);
	return true;
}

static void random_id(char *to, size_t digits)
{
	uint64_t words[2] = {0};

	while (!words[0] || !words[1])
		if (getrandom(words, sizeof(words), 0) < 0)
			words[0] = words[1] = 1;
	snprintf(to, SPAN_DIGITS + 1, "%016llx", (unsigned long long)words[0]);
	if (digits == TRACE_DIGITS)
		snprintf(to + SPAN_DIGITS, SPAN_DIGITS + 1, "%016llx",
			 (unsigned long long)words[1]);
}

void trace_context_take(struct trace_context *t, const char *traceparent)
{
	*t = (struct trace_context){0};
	if (!traceparent || !trace_context_parse(traceparent, t)) {
		*t = (struct trace_context){0};
		random_id(t->trace_id, TRACE_DIGITS);
	}
	random_id(t->span_id, SPAN_DIGITS);
}
