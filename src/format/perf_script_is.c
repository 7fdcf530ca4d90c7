/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells what perf script prints from other text, folded stacks above all. */
#include "format/folded_line.h"
#include "format/format.h"
#include "format/perf_frame.h"
#include "format/perf_header.h"
#include "format/perf_layout.h"

#include <string.h>

static bool begins_with_frame(const char *line, const char *end)
{
	const char *stop = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
	struct folded_count count;

	stop = stop ? stop : end;
	stop -= stop > line && stop[-1] == '\r';
	/* A folded stack may begin like a frame behind blanks, and ends with a count. */
	return perf_frame_begins(line, stop) &&
	       (*line == '\t' || !folded_count_of(line, (size_t)(stop - line), &count));
}

/* What a line says of the file: it is one (1), it is none (0), or nothing (-1). */
static int tells(const char *line, const char *stop, bool frames_follow)
{
	struct folded_count count;
	struct perf_header h;
	struct perf_frame f;
	enum perf_line is = perf_header_parse(line, stop, &h);
	bool is_folded = folded_count_of(line, (size_t)(stop - line), &count);

	if (is == PERF_RECORD && !is_folded)
		return 1;
	/* Comments and other traces have a time, too. */
	if (is == PERF_SAMPLE && (!h.has_ids || (*line == '#' && piece_is_empty(h.event))))
		is = PERF_SAMPLE_MAYBE;
	if (is == PERF_SAMPLE && (frames_follow || !is_folded))
		return 1;
	if (is == PERF_SAMPLE_MAYBE && !is_folded &&
	    (frames_follow || (h.has_ids && perf_frame_find(h.rest, &f) && f.has_module)))
		return 1;
	if (perf_frame_begins(line, stop) && !is_folded &&
	    (*line == '\t' || (perf_frame_find((struct piece){line, stop}, &f) && f.has_module)))
		return 1;
	return is_folded && memchr(line, ';', (size_t)(stop - line)) ? 0 : -1;
}

/* The line that begins perf's header (--header), which may be longer than what is looked at. */
static bool begins_header(const char *line, const char *stop)
{
	static const char rule[] = "# ========";
	struct folded_count count;

	return (size_t)(stop - line) >= sizeof(rule) - 1 &&
	       memcmp(line, rule, sizeof(rule) - 1) == 0 &&
	       !folded_count_of(line, (size_t)(stop - line), &count);
}

bool perf_script_is(const char *head, size_t len)
{
	const char *end = head + len;

	if (perf_layout_find(head, len).sure)
		return true;
	for (const char *line = head, *stop; line < end; line = stop + 1) {
		const char *next = memchr(line, '\n', (size_t)(end - line));
		int says;

		stop = next ? next : end;
		if (stop == line || word_first((struct piece){line, stop}).at == stop)
			continue;
		if (begins_header(line, stop))
			return true;
		says = tells(line, stop - (stop[-1] == '\r'),
			     stop < end && begins_with_frame(stop + 1, end));
		if (says >= 0)
			return says;
	}
	return false;
}
