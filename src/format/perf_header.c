/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The header line of a sample, as 'perf script' prints it. */
#include "format/perf_header.h"

#include "base/mem.h"

#include <string.h>

enum {
	COMMAND_BYTES = 15, /* of the kernel's; what perf makes up is longer */
	MAX_COMMAND = 256,  /* kernel threads' are longer in /proc */
};

/* -- from the time to the left -- */

/* Command, ids and CPU, and what may stand between that and the time. */
static bool take_front(struct piece front, struct perf_header *h)
{
	struct piece w = word_last(front);

	for (int i = 0; i < 2 && perf_is_date(w); i++) {
		front.end = w.at;
		w = word_last(front);
	}
	if (perf_is_misc(w)) {
		struct piece before = {front.at, w.at}, own = word_last(before);

		/* Otherwise it is a command. */
		if (perf_is_cpu(own) || perf_is_ids(own, h)) {
			front = before;
			w = own;
		}
	}
	if (perf_is_cpu(w)) {
		front.end = w.at;
		w = word_last(front);
	}
	h->has_ids = perf_is_ids(w, h);
	if (h->has_ids)
		front.end = w.at;
	h->command = piece_trimmed(front);
	return piece_len(h->command) <= MAX_COMMAND;
}

/* -- from there to the right -- */

/* Period, event and what follows them. */
static void take_back(struct piece back, struct perf_header *h)
{
	struct piece w = word_first(back), left = {w.end, back.end}, next = word_first(left);
	int64_t number;

	h->rest = piece_trimmed(back);
	if (perf_take_event(&back, h)) {
		h->rest = piece_trimmed(back);
		return;
	}
	if (!word_is_number(w, &number))
		return;
	/* Without an event, a number is the period, or the address of the only frame. */
	if (!perf_take_event(&left, h) && !piece_is_empty(next) && !perf_is_address(next))
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
		if (!perf_is_cpu(w) || !take_front((struct piece){line.at, w.end}, &h) ||
		    !h.has_ids)
			continue;
		back = left;
		if (perf_is_misc(word_first(back)))
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
		if ((!is_number && !perf_is_ids(w, h)) || !perf_take_event(&left, h))
			continue;
		h->rest = piece_trimmed(left);
		if (is_number)
			take_front(front, h);
		if (is_number && (h->has_ids || perf_is_period(line, w))) {
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
		if (!perf_is_address(w) || piece_is_empty(next) || word_is_address(next, &address))
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

	if (word_is_number(w, &number) && perf_is_period(line, w) &&
	    perf_is_ids(word_last(front), h)) {
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
		if (!perf_is_time(w) || !take_front((struct piece){all.at, w.at}, &h))
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
