/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frame as 'perf script' prints it, and the lines that may stand between frames.
 *
 *   55d0c0ffee work(int, char const*)+0x1e (/usr/bin/prog)
 *
 * Source: sample__fprintf_callchain() and sample__fprintf_sym() of tools/perf/util/evsel_fprintf.c.
 */
#pragma once

#include "format/perf_words.h"

struct perf_frame {
	uint64_t address;
	struct piece name;   /* without its offset; empty or "[unknown]": it has none */
	struct piece module; /* without " (deleted)" */
	bool has_module, inlined, has_address;
};

/* Do blanks and an address stand at the beginning of a line? */
bool perf_frame_begins(const char *line, const char *end);
/* False when there is no address at the beginning. */
bool perf_frame_parse(struct piece text, struct perf_frame *ret);
/* The same of a line, without what may stand behind the frame. */
bool perf_frame_of_line(const char *line, const char *end, struct perf_frame *ret);
/* The frame in what stands behind a header, among other fields, such as data addresses and
 * branches; false when there is none. */
bool perf_frame_find(struct piece rest, struct perf_frame *ret);

/* What stands below a frame, or behind the last one. */
enum perf_note {
	PERF_NOTE_NONE,
	PERF_NOTE_SOURCE, /* the line of the source that the frame above is at */
	PERF_NOTE_OTHER,  /* instructions, registers, branches, sources */
};
struct perf_source {
	struct piece file;
	uint32_t line; /* 0: not known */
	bool inlined;  /* and so is the frame */
};
enum perf_note perf_note_parse(const char *line, const char *end, struct perf_source *ret);
