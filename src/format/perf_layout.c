/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which fields 'perf script' was told to print. */
#include "format/perf_layout.h"

#include "base/mem.h"
#include "format/folded_line.h"
#include "format/perf_frame.h"

#include <string.h>

enum {
	MAX_LINES = 64,
	COMM_BYTES = 15,  /* of the kernel's */
	COMM_WIDTH = 16,  /* that it is padded to, where no frames are below */
	MAX_ID = 4194304, /* of processes and threads */
	LONG_ADDRESS = 8, /* digits that no other number has by chance */
	N_LAYOUTS = 1 << 7,
};

struct candidate {
	struct piece line;
	bool is_framed; /* frames are below */
};

/* -- a line, by a layout -- */

/* Takes the word at the beginning, if one of that kind is wanted; false: it is none. */
static bool take_word(bool wanted, bool (*is)(struct piece), struct piece *left)
{
	struct piece w = word_first(*left);

	if (!wanted)
		return true;
	left->at = w.end;
	return is(w);
}

/* "123/124" */
static bool is_pair(struct piece w)
{
	return memchr(w.at, '/', piece_len(w));
}

static bool take_ids(const struct perf_layout *l, struct piece line, struct piece *left,
		     struct perf_header *h)
{
	struct piece w = word_first(*left);

	if (!l->ids)
		return true;
	h->has_ids = perf_is_ids(w, h) && h->pid <= MAX_ID && h->tid <= MAX_ID &&
		     (is_pair(w) || !perf_is_period(line, w));
	left->at = w.end;
	return h->has_ids;
}

static bool take_period(const struct perf_layout *l, struct piece line, struct piece *left,
			struct perf_header *h)
{
	struct piece w = word_first(*left);

	if (!l->period)
		return true;
	/* Where nothing else tells it from an id its width does. */
	h->has_period = word_is_number(w, &h->period) &&
			(l->time || l->cpu || l->event || perf_is_period(line, w) ||
			 (l->ids && is_pair(word_last((struct piece){line.at, w.at}))));
	left->at = w.end;
	return h->has_period;
}

static bool is_rest(const struct perf_layout *l, const struct perf_header *h)
{
	struct piece w = word_first(h->rest);
	struct perf_frame f;

	if (!l->is_flat)
		return l->event || piece_is_empty(w);
	/* Of tracepoints it is fields. */
	if (perf_is_address(w) || memchr(h->event.at, ':', piece_len(h->event)))
		return true;
	return l->event && perf_frame_find(h->rest, &f) && f.has_module;
}

/* What stands behind the command. */
static bool parse_behind(const struct perf_layout *l, struct piece line, struct piece left,
			 struct perf_header *h)
{
	if (!take_ids(l, line, &left, h) || !take_word(l->cpu, perf_is_cpu, &left) ||
	    !take_word(l->misc, perf_is_misc, &left))
		return false;
	for (struct piece w = word_first(left); l->time && perf_is_date(w) && !perf_is_time(w);
	     w = word_first(left))
		left.at = w.end;
	if (!take_word(l->time, perf_is_time, &left) || !take_period(l, line, &left, h) ||
	    (l->event && !perf_take_event(&left, h)))
		return false;
	h->rest = piece_trimmed(left);
	return is_rest(l, h);
}

bool perf_layout_parse(const struct perf_layout *l, const char *line, const char *end,
		       struct perf_header *ret)
{
	const struct perf_header none = {
		.period = 1, .command = {line, line}, .event = {end, end}, .rest = {end, end}};
	struct piece whole = {line, end}, left = whole;
	bool found = false;

	/* Of several it is the longest command that the kernel's can be; where it is padded, the
	 * one that ends there. */
	for (;;) {
		struct piece w = word_first(left);
		struct perf_header h = none;

		h.command = piece_trimmed((struct piece){line, w.at});
		if (piece_len(h.command) > (found ? COMM_BYTES : 2 * COMM_BYTES))
			break;
		if ((!l->comm || l->ids || l->event || !piece_is_empty(h.command)) &&
		    parse_behind(l, whole, (struct piece){w.at, end}, &h)) {
			found = true;
			*ret = h;
			if (l->is_flat && h.command.end == line + COMM_WIDTH)
				break;
		}
		if (!l->comm || piece_is_empty(w))
			break;
		left.at = w.end;
	}
	return found;
}

/* -- all layouts -- */

static struct perf_layout layout_of(unsigned bits, bool is_flat)
{
	return (struct perf_layout){.comm = bits & 1,
				    .ids = bits & 2,
				    .cpu = bits & 4,
				    .misc = bits & 8,
				    .time = bits & 16,
				    .period = bits & 32,
				    .event = bits & 64,
				    .is_flat = is_flat};
}

static bool is_candidate(struct piece line)
{
	return !piece_is_empty(word_first(line)) && *line.at != '\t' &&
	       !memmem(line.at, piece_len(line), "PERF_RECORD_", 12) &&
	       !piece_starts(piece_trimmed(line), "BPF output:");
}

/* The lines that may be headers, or flat samples. Returns how many. */
static size_t find_candidates(const char *head, const char *end, struct candidate *ret,
			      size_t *ret_framed)
{
	size_t n = 0;

	*ret_framed = 0;
	for (const char *line = head, *stop; line < end && n < MAX_LINES;
	     line = stop < end ? stop + 1 : end) {
		stop = memchr(line, '\n', (size_t)(end - line));
		/* The last one may be cut. */
		if (!stop && n)
			break;
		stop = stop ? stop : end;
		ret[n].line = (struct piece){line, stop - (stop > line && stop[-1] == '\r')};
		ret[n].is_framed = stop + 1 < end && stop[1] == '\t';
		/* Comments have no frames below. */
		if (!is_candidate(ret[n].line) || (*line == '#' && !ret[n].is_framed))
			continue;
		*ret_framed += ret[n++].is_framed;
	}
	return n;
}

static size_t count_fits(const struct perf_layout *l, const struct candidate *all, size_t n)
{
	size_t fits = 0;

	for (size_t i = 0; i < n; i++) {
		struct perf_header h;

		if (l->is_flat || all[i].is_framed)
			fits += perf_layout_parse(l, all[i].line.at, all[i].line.end, &h);
	}
	return fits;
}

/* How the lines look that fit. */
struct looks {
	size_t fits;
	size_t framed;    /* those with a frame in a module, or below */
	size_t traced;    /* those of tracepoints */
	size_t addresses; /* those with a long address or such a frame */
	size_t folded;    /* lines that folded stacks could be, with a count at their end */
};

static struct looks looks_of(const struct perf_layout *l, const struct candidate *all, size_t n)
{
	struct looks ret = {0};

	for (size_t i = 0; i < n; i++) {
		struct piece line = all[i].line;
		struct folded_count count;
		struct perf_header h;
		struct perf_frame f;
		bool has_frame;

		ret.folded += folded_count_of(line.at, piece_len(line), &count);
		if (!perf_layout_parse(l, line.at, line.end, &h))
			continue;
		has_frame = all[i].is_framed || (perf_frame_find(h.rest, &f) && f.has_module);
		ret.fits++;
		ret.framed += has_frame;
		ret.traced += !has_frame && memchr(h.event.at, ':', piece_len(h.event));
		ret.addresses += has_frame || (perf_is_address(word_first(h.rest)) &&
					       piece_len(word_first(h.rest)) >= LONG_ADDRESS);
	}
	return ret;
}

/* Is it, apart from how many lines are so, hardly anything else? */
static bool is_telling(const struct perf_layout *l, const struct candidate *all, size_t n)
{
	struct looks looks = looks_of(l, all, n);
	unsigned marks = l->ids + l->cpu + l->time + l->event;

	if (looks.folded)
		return (l->time || l->event) && marks > 1 &&
		       looks.framed + looks.traced == looks.fits &&
		       (!looks.traced || (marks > 2 && looks.fits > 1));
	return !l->is_flat || l->time || l->cpu ||
	       (looks.addresses * 2 > n &&
		(marks || l->comm || l->period || char_is_blank(*all[0].line.at)));
}

struct perf_layout perf_layout_find(const char *head, size_t len)
{
	auto_free struct candidate *all = mem_array(MAX_LINES, sizeof(*all));
	struct perf_layout best = {0};
	size_t framed, n = find_candidates(head, head + len, all, &framed), most = 0, fields = 0;
	size_t of = framed ? framed : n;

	for (unsigned bits = framed ? 1 : 0; n && bits < N_LAYOUTS; bits++) {
		struct perf_layout l = layout_of(bits, !framed);
		size_t fits = count_fits(&l, all, n), has = (size_t)__builtin_popcount(bits);

		if (fits < most || (fits == most && (!fits || has < fields)))
			continue;
		best = l;
		most = fits;
		fields = has;
	}
	best.known = most * 2 > of;
	best.sure = best.known && most * 10 >= of * 9 && is_telling(&best, all, n);
	return best;
}
