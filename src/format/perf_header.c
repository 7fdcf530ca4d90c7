/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The header line of a sample, as 'perf script' prints it. */
#include "format/perf_header.h"

#include "base/mem.h"

#include <string.h>

enum {
	COMMAND_BYTES = 15, /* of the kernel's; what perf makes up is longer */
	MAX_COMMAND = 256,  /* kernel threads' are longer in /proc */
	EVENT_WORDS = 4,    /* of an event such as "raw 0x1c2" */
	PERIOD_WIDTH = 10,  /* that it is padded to, at least */
	LEAST_ADDRESS = 4,  /* digits that tell an address from a name such as "add" */
	LEAST_DATE = 8,     /* characters */
};

/* -- words -- */

/* "81.500123:" */
static bool is_time(struct piece w)
{
	const char *c = w.at;
	size_t whole, part;

	if (piece_len(w) < 4 || w.end[-1] != ':')
		return false;
	while (isdigit((unsigned char)*c))
		c++;
	whole = (size_t)(c - w.at);
	if (*c++ != '.')
		return false;
	for (part = 0; isdigit((unsigned char)*c); c++)
		part++;
	return whole && part && c + 1 == w.end;
}

/* "[001]" */
static bool is_cpu(struct piece w)
{
	int64_t number;

	return piece_len(w) > 2 && *w.at == '[' && w.end[-1] == ']' &&
	       word_is_number((struct piece){w.at + 1, w.end - 1}, &number);
}

/* "123", "-1" */
static bool is_process_id(struct piece w, int64_t *ret)
{
	bool negative = w.at < w.end && *w.at == '-';

	w.at += negative;
	if (!word_is_number(w, ret))
		return false;
	*ret = negative ? -*ret : *ret;
	return true;
}

/* "123", "123/124" */
static bool is_ids(struct piece w, struct perf_header *h)
{
	const char *slash = memchr(w.at, '/', piece_len(w));
	struct piece pid = {w.at, slash ? slash : w.end};

	if (!is_process_id(pid, &h->pid))
		return false;
	h->tid = h->pid;
	return !slash || is_process_id((struct piece){slash + 1, w.end}, &h->tid);
}

/* "U", "K", "Sp": how the sample was taken (-F +misc). */
static bool is_misc(struct piece w)
{
	for (const char *c = w.at; c < w.end; c++)
		if (!strchr("KUHGgMESp", *c))
			return false;
	return !piece_is_empty(w) && piece_len(w) <= 3;
}

/* "2026-11-27", "15:42:56.123456" (-F +tod). */
static bool is_date(struct piece w)
{
	for (const char *c = w.at; c < w.end; c++)
		if (!isdigit((unsigned char)*c) && !strchr("-:.", *c))
			return false;
	return piece_len(w) >= LEAST_DATE &&
	       (memchr(w.at, '-', piece_len(w)) || memchr(w.at, ':', piece_len(w)));
}

/* -- from the time to the left -- */

/* Command, ids and CPU, and what may stand between that and the time. */
static bool take_front(struct piece front, struct perf_header *h)
{
	struct piece w = word_last(front);

	for (int i = 0; i < 2 && is_date(w); i++) {
		front.end = w.at;
		w = word_last(front);
	}
	if (is_misc(w)) {
		struct piece before = {front.at, w.at}, own = word_last(before);

		/* Otherwise it is a command. */
		if (is_cpu(own) || is_ids(own, h)) {
			front = before;
			w = own;
		}
	}
	if (is_cpu(w)) {
		front.end = w.at;
		w = word_last(front);
	}
	h->has_ids = is_ids(w, h);
	if (h->has_ids)
		front.end = w.at;
	h->command = piece_trimmed(front);
	return piece_len(h->command) <= MAX_COMMAND;
}

/* -- from there to the right -- */

/* Takes the event at the beginning of `*left`: a word that ends with ':', or a few that do. */
static bool take_event(struct piece *left, struct perf_header *h)
{
	struct piece at = *left, event = {piece_trimmed(*left).at, NULL};

	for (int i = 0; i < EVENT_WORDS; i++) {
		struct piece w = word_first(at);
		uint64_t address;

		if (piece_is_empty(w) || memchr(w.at, '(', piece_len(w)) || is_time(w) ||
		    (!i && word_is_address(w, &address)))
			return false;
		at.at = w.end;
		if (w.end[-1] == ':' && piece_len(w) > 1) {
			event.end = w.end - 1;
			h->event = event;
			*left = at;
			return true;
		}
		/* "raw 0x1c2:" */
		if (!isalpha((unsigned char)*event.at))
			return false;
	}
	return false;
}

/* Functions may be called "add" and "fade". */
static bool looks_like_address(struct piece w)
{
	bool has_digit = false;
	uint64_t address;

	for (const char *c = w.at; c < w.end; c++)
		has_digit = has_digit || isdigit((unsigned char)*c);
	return has_digit && piece_len(w) >= LEAST_ADDRESS && word_is_address(w, &address);
}

/* Period, event and what follows them. */
static void take_back(struct piece back, struct perf_header *h)
{
	struct piece w = word_first(back), left = {w.end, back.end}, next = word_first(left);
	int64_t number;

	h->rest = piece_trimmed(back);
	if (take_event(&back, h)) {
		h->rest = piece_trimmed(back);
		return;
	}
	if (!word_is_number(w, &number))
		return;
	/* Without an event, a number is the period, or the address of the only frame. */
	if (!take_event(&left, h) && !piece_is_empty(next) && !looks_like_address(next))
		return;
	h->has_period = true;
	h->period = number;
	h->rest = piece_trimmed(left);
}

/* -- lines without a time -- */

/* "command 123 [001]  250000 cycles:  rest" */
static enum perf_line by_cpu(struct piece line, struct perf_header *ret)
{
	const struct perf_header none = *ret;
	struct piece left = line;
	bool found = false;

	for (struct piece w = word_first(left); !piece_is_empty(w); w = word_first(left)) {
		struct perf_header h = none;
		struct piece back;

		left.at = w.end;
		if (!is_cpu(w) || !take_front((struct piece){line.at, w.end}, &h) || !h.has_ids)
			continue;
		back = left;
		if (is_misc(word_first(back)))
			back.at = word_first(back).end;
		take_back(back, &h);
		if (!found || !piece_is_empty(h.event))
			*ret = h;
		if (!piece_is_empty(h.event))
			return PERF_SAMPLE;
		found = true;
	}
	return found ? PERF_SAMPLE_MAYBE : PERF_NOTHING;
}

/* Is a number as wide, with the blanks in front of it, as periods are and ids are not? */
static bool is_period(struct piece line, struct piece w)
{
	struct piece before = piece_trimmed((struct piece){line.at, w.at});

	return w.end - before.end - 1 >= PERIOD_WIDTH;
}

/* "command 123  250000 cycles:  rest". The numbers in front of the event are an id and a period, or
 * one of them. */
static enum perf_line by_event(struct piece line, struct perf_header *h)
{
	struct piece left = line;

	for (struct piece w = word_first(left); !piece_is_empty(w); w = word_first(left)) {
		struct piece front = {line.at, w.at};
		int64_t number;
		bool is_number = word_is_number(w, &number);

		left.at = w.end;
		if ((!is_number && !is_ids(w, h)) || !take_event(&left, h))
			continue;
		h->rest = piece_trimmed(left);
		if (is_number)
			take_front(front, h);
		if (is_number && (h->has_ids || is_period(line, w))) {
			h->has_period = true;
			h->period = number;
		} else {
			take_front((struct piece){line.at, w.end}, h);
		}
		return PERF_SAMPLE_MAYBE;
	}
	return PERF_NOTHING;
}

/* "command 123  401136 leaf+0x6 (/usr/bin/prog)", the last one being the frame. */
static enum perf_line by_frame(struct piece line, struct perf_header *h)
{
	struct piece left = line;

	for (struct piece w = word_first(left); !piece_is_empty(w); w = word_first(left)) {
		struct piece next;
		uint64_t address;

		left.at = w.end;
		next = word_first(left);
		if (!looks_like_address(w) || piece_is_empty(next) ||
		    word_is_address(next, &address))
			continue;
		h->rest = (struct piece){w.at, line.end};
		return take_front((struct piece){line.at, w.at}, h) ? PERF_SAMPLE_MAYBE
								    : PERF_NOTHING;
	}
	return PERF_NOTHING;
}

/* "command 123  250000", or less. */
static enum perf_line by_ids(struct piece line, struct perf_header *h)
{
	struct piece w = word_last(line), front = {line.at, w.at};
	int64_t number;

	if (word_is_number(w, &number) && is_period(line, w) && is_ids(word_last(front), h)) {
		h->has_period = true;
		h->period = number;
		line = front;
	}
	return take_front(line, h) ? PERF_SAMPLE_MAYBE : PERF_NOTHING;
}

static enum perf_line without_time(struct piece line, struct perf_header *ret)
{
	const struct perf_header none = *ret;
	enum perf_line is = by_cpu(line, ret);

	if (is != PERF_NOTHING)
		return is;
	*ret = none;
	is = by_event(line, ret);
	if (is != PERF_NOTHING)
		return is;
	*ret = none;
	is = by_frame(line, ret);
	if (is != PERF_NOTHING)
		return is;
	*ret = none;
	return by_ids(line, ret);
}

/* -- the line -- */

/* "PERF_RECORD_MMAP2 123/123: ...", behind a number, a CPU or a time. */
static bool is_record(struct piece line, struct perf_header *h)
{
	static const char word[] = " PERF_RECORD_";
	const char *at = memmem(line.at, piece_len(line), word, sizeof(word) - 1);

	if (!at)
		return piece_starts(line, word + 1);
	if (at > line.at && !strchr("0123456789:] ", at[-1]))
		return false;
	h->rest = (struct piece){at + 1, line.end};
	return true;
}

enum perf_line perf_header_parse(const char *line, const char *end, struct perf_header *ret)
{
	struct piece all = piece_trimmed((struct piece){line, end}), left = all;
	const struct perf_header none = {
		.period = 1, .command = {line, line}, .event = {end, end}, .rest = {end, end}};
	struct perf_header h, best = none;
	bool found = false;

	*ret = none;
	if (piece_is_empty(all))
		return PERF_NOTHING;
	ret->rest = all;
	if (is_record(all, ret))
		return PERF_RECORD;
	/* Of several times, in a command or in what follows the event, it is the last one before
	 * which a command of the kernel's length stands. */
	for (struct piece w = word_first(left); !piece_is_empty(w); w = word_first(left)) {
		left.at = w.end;
		h = none;
		if (!is_time(w) || !take_front((struct piece){all.at, w.at}, &h))
			continue;
		take_back(left, &h);
		if (!h.has_ids && piece_is_empty(h.event))
			continue;
		if (found && (piece_len(h.command) > COMMAND_BYTES || (best.has_ids && !h.has_ids)))
			continue;
		found = true;
		best = h;
	}
	/* A command can look like a time, and an event without a process like one with it. */
	h = none;
	if (found && !best.has_ids && by_event(all, &h) != PERF_NOTHING && h.has_ids)
		best = h;
	*ret = best;
	return found ? PERF_SAMPLE : without_time(all, ret);
}
