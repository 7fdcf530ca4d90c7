/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A frame as 'perf script' prints it, and the lines that may stand between frames. */
#include "format/perf_frame.h"

#include "base/mem.h"

#include <string.h>

enum {
	LEAST_SLASHES = 3, /* of a branch: 0x401136/0x401180/P/-/-/3 */
	MAX_FIELDS = 16,   /* that are addresses, in front of a frame */
	LEAST_ADDRESS = 4, /* digits */
};

bool perf_frame_begins(const char *line, const char *end)
{
	struct piece w = word_first((struct piece){line, end});
	uint64_t address;

	return w.at > line && (w.end == end || *w.end == ' ') && word_is_address(w, &address);
}

/* -- the module -- */

/* "+0x1e" at the end of a name, or of a module (-F +dsoff). */
static struct piece without_offset(struct piece p)
{
	const char *at = p.end;

	while (at > p.at && hex_digit(at[-1]) < 16)
		at--;
	if (at < p.end && at - p.at >= 3 && memcmp(at - 3, "+0x", 3) == 0)
		p.end = at - 3;
	return p;
}

/* The bracket that the one at the end of `p` closes; NULL: there is none. */
static const char *opening(struct piece p)
{
	size_t depth = 0;

	for (const char *c = p.end; c-- > p.at;) {
		depth += *c == ')';
		depth -= *c == '(';
		if (!depth)
			return c;
	}
	return NULL;
}

/* Where the module begins, which stands in brackets behind a blank: "(/usr/lib/libold.so
 * (deleted))",
 * "(/opt/a (x86)/b)", "([vdso])". A name may have brackets too, but none at its end behind a blank,
 * and no path. NULL: there is none. */
static const char *module_opening(struct piece p)
{
	const char *open;

	if (!piece_ends(p, ")"))
		return NULL;
	open = opening(p);
	if (open && open > p.at && char_is_blank(open[-1]) && open[1] == '/')
		return open;
	/* A path with one bracket only. */
	open = memmem(p.at, piece_len(p), " (/", 3);
	if (open)
		return open + 1;
	open = opening(p);
	if (!open || (open > p.at && !char_is_blank(open[-1])))
		return NULL;
	/* LLVM's "f(int) (.cold)" is a name. */
	return open[1] == '.' && !memchr(open, '/', (size_t)(p.end - open)) ? NULL : open;
}

static void perf_frame_take_module(struct piece *text, struct perf_frame *ret)
{
	static const char deleted[] = " (deleted)", inlined[] = "(inlined)";
	const char *open;

	/* Of what is inlined the module may be named as well. */
	if (piece_ends(*text, inlined)) {
		ret->inlined = true;
		text->end -= sizeof(inlined) - 1;
		*text = piece_trimmed(*text);
	}
	open = module_opening(*text);
	if (!open)
		return;
	ret->module = without_offset((struct piece){open + 1, text->end - 1});
	if (piece_ends(ret->module, deleted))
		ret->module.end -= sizeof(deleted) - 1;
	ret->has_module = true;
	*text = piece_trimmed((struct piece){text->at, open});
}

/* -- the frame -- */

static void take_name(struct piece text, struct perf_frame *ret)
{
	text = piece_trimmed(text);
	perf_frame_take_module(&text, ret);
	ret->name = without_offset(text);
}

bool perf_frame_parse(struct piece text, struct perf_frame *ret)
{
	struct piece w = word_first(text);

	*ret = (struct perf_frame){.name = {text.end, text.end}};
	if (!word_is_address(w, &ret->address))
		return false;
	ret->has_address = true;
	take_name((struct piece){w.end, text.end}, ret);
	return true;
}

/* "0x401136/0x401180/P/-/-/3", "leaf+0x6/main+0x20/M/-/-/0" */
static bool is_branch(struct piece w)
{
	size_t slashes = 0;

	for (const char *c = w.at; c < w.end; c++)
		slashes += *c == '/';
	return slashes >= LEAST_SLASHES && !piece_ends(w, ")") &&
	       (piece_starts(w, "0x") || memmem(w.at, piece_len(w), "+0x", 3));
}

/* Without what is printed behind a frame on the same line. */
static struct piece without_rest(struct piece text)
{
	static const char *const behind[] = {"0x", "insn:", "ilen:", "ABI:", "=>"};
	const char *c = text.at;

	while (is_branch(word_last(text)))
		text.end = word_last(text).at;
	text = piece_trimmed(text);
	for (; c < text.end; c++) {
		struct piece next = {c + 1, text.end};

		if (*c != ')' || c + 1 == text.end || !char_is_blank(c[1]))
			continue;
		next = piece_trimmed(next);
		for (size_t i = 0; i < ARRAY_SIZE(behind); i++)
			if (piece_starts(next, behind[i]))
				return (struct piece){text.at, c + 1};
	}
	return text;
}

bool perf_frame_of_line(const char *line, const char *end, struct perf_frame *ret)
{
	return perf_frame_parse(without_rest((struct piece){line, end}), ret);
}

/* Is a word that is not the first one an address, and no number of another field? Where nothing is
 * known it is 0. */
static bool is_long_address(struct piece w, struct piece text)
{
	uint64_t address;

	return word_is_address(w, &address) &&
	       (piece_len(w) >= LEAST_ADDRESS ||
		piece_starts(word_first((struct piece){w.end, text.end}), "[unknown]"));
}

/* Where the frame begins: at the last address with a module behind it. NULL: there is none. */
static const char *frame_with_module(struct piece text)
{
	struct piece left = text, w = word_first(text);
	const char *found = NULL;
	struct perf_frame f;
	uint64_t address;

	for (int tries = 0; !piece_is_empty(w) && tries < MAX_FIELDS; w = word_first(left)) {
		bool is_first = left.at == text.at;

		left.at = w.end;
		if (is_first ? !word_is_address(w, &address) : !is_long_address(w, text))
			continue;
		tries++;
		if (perf_frame_parse((struct piece){w.at, text.end}, &f) && f.has_module &&
		    (is_first || !piece_is_empty(f.name)))
			found = w.at;
	}
	return found;
}

bool perf_frame_find(struct piece rest, struct perf_frame *ret)
{
	struct piece text = without_rest(rest), w = word_first(text);
	const char *at = frame_with_module(text);
	uint64_t address;

	if (at)
		return perf_frame_parse((struct piece){at, text.end}, ret);
	/* No module: an address and a name, or an address alone. Of several it is the last one. */
	if (word_is_address(w, &address)) {
		while (word_is_address(word_first((struct piece){w.end, text.end}), &address))
			w = word_first((struct piece){w.end, text.end});
		return perf_frame_parse((struct piece){w.at, text.end}, ret);
	}
	/* A name and a module without an address. */
	*ret = (struct perf_frame){.name = {text.end, text.end}};
	take_name(text, ret);
	return ret->has_module && !piece_is_empty(ret->name) && !piece_is_empty(ret->module);
}

/* -- other lines -- */

/* "  file.c:12", "  ??:0", "  libc.so.6[2724a]", "  start_thread+755"; behind it perhaps
 * " (discriminator 3)" and " (inlined)". */
static bool is_source(struct piece text, struct perf_source *ret)
{
	static const char discriminator[] = " (discriminator ", inlined[] = " (inlined)";
	const char *digits, *note;
	int64_t number;

	if (piece_ends(text, inlined)) {
		ret->inlined = true;
		text.end -= sizeof(inlined) - 1;
	}
	note = memmem(text.at, piece_len(text), discriminator, sizeof(discriminator) - 1);
	if (note && piece_ends(text, ")"))
		text.end = note;
	if (piece_ends(text, "]") && memchr(text.at, '[', piece_len(text)))
		return true;
	for (digits = text.end; digits > text.at && isdigit((unsigned char)digits[-1]);)
		digits--;
	if (digits == text.at || !strchr(":+", digits[-1]) ||
	    !word_is_number((struct piece){digits, text.end}, &number))
		return false;
	if (digits[-1] == ':' && number > 0 && number < UINT32_MAX) {
		ret->file = (struct piece){text.at, digits - 1};
		ret->line = (uint32_t)number;
	}
	return true;
}

enum perf_note perf_note_parse(const char *line, const char *end, struct perf_source *ret)
{
	struct piece text = piece_trimmed((struct piece){line, end}), first = word_first(text);
	uint64_t address;

	*ret = (struct perf_source){.file = {end, end}};
	if (piece_is_empty(text))
		return PERF_NOTE_NONE;
	/* A line of source code (-F +srccode): "|12      return x;". */
	if (*line == '|' && piece_len(first) > 1 && isdigit((unsigned char)first.at[1]))
		return PERF_NOTE_OTHER;
	if (!char_is_blank(*line))
		return PERF_NOTE_NONE;
	if (piece_starts(text, "BPF output:") || piece_starts(text, "BPF string:") ||
	    memmem(text.at, piece_len(text), "insn:", 5) || piece_starts(text, "ilen:") ||
	    piece_starts(text, "ABI:") || piece_starts(text, "IPC:") || is_branch(first) ||
	    word_is_address(first, &address) || (*line == '\t' && piece_ends(text, ":")))
		return PERF_NOTE_OTHER;
	return *line == ' ' && is_source(text, ret) ? PERF_NOTE_SOURCE : PERF_NOTE_NONE;
}
