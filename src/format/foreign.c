/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of other tools that cprof does not read. */
#include "format/foreign.h"

#include "base/mem.h"
#include "format/folded_line.h"
#include "format/pprof_wire.h"

#include <string.h>

enum { LEAST_PACKETS = 4 };

static const struct foreign {
	const char *start;
	size_t start_len;
	const char *has;
	size_t has_len;
	const char *what, *cure;
} foreigns[] = {
#define FOREIGN(start, has, what, cure)                                                            \
	{start, sizeof(start) - 1, has, sizeof(has) - 1, what, cure},
#include "format/foreign.def"
#undef FOREIGN
};

/* Where it is looked for: a line that ends with a count is left to the folded stacks. */
static bool is_folded_line(const char *line, const char *end)
{
	const char *stop = memchr(line, '\n', (size_t)(end - line));
	struct folded_count count;

	return folded_count_of(line, (size_t)((stop ? stop : end) - line), &count);
}

static bool foreign_fits(const struct foreign *f, const char *head, const char *end, bool is_text)
{
	size_t len = (size_t)(end - head);
	const char *has = f->has_len ? memmem(head, len, f->has, f->has_len) : head;

	if (len < f->start_len || memcmp(head, f->start, f->start_len) != 0 || !has)
		return false;
	/* What is found at the beginning of some line begins with the end of the one before; the
	 * first line may well end with a count then. */
	return !is_text || !is_folded_line(f->has_len && *f->has == '\n' ? has + 1 : head, end);
}

/* A trace of Perfetto's is packets, each field 1, and nothing else; a profile has few such fields
 * in front of others. */
static bool is_packets(const char *head, size_t len)
{
	struct field f;
	size_t at = 0, n = 0;
	bool bad = false;

	while (next_field((const uint8_t *)head, len, &at, &f, &bad)) {
		if (f.number != 1 || !f.is_bytes)
			return false;
		n++;
	}
	return n >= LEAST_PACKETS;
}

bool foreign_is(const char *head, size_t len, bool is_text, struct err *err)
{
	const char *end = head + len;

	while (is_text && head < end && *head && strchr(" \t\r\n", *head))
		head++;
	for (size_t i = 0; i < ARRAY_SIZE(foreigns); i++) {
		if (!foreign_fits(&foreigns[i], head, end, is_text))
			continue;
		err_set(err, 0, "it is %s", foreigns[i].what);
		err_cure(err, "%s", foreigns[i].cure);
		return true;
	}
	if (is_text || !is_packets(head, len))
		return false;
	err_set(err, 0, "it is a trace of Perfetto");
	err_cure(err, "ui.perfetto.dev shows it; traceconv profile makes profiles of what it has");
	return true;
}
