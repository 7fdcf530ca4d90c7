/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of a line of perf script's. */
#include "format/perf_fields.h"

#include <string.h>

enum {
	EVENT_WORDS = 4,   /* of an event such as "raw 0x1c2" */
	PERIOD_WIDTH = 10, /* that it is padded to, at least */
	LEAST_ADDRESS = 4, /* digits that tell an address from a name such as "add" */
	LEAST_DATE = 8,    /* characters */
};

bool perf_is_time(struct piece w)
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

bool perf_is_cpu(struct piece w)
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

bool perf_is_ids(struct piece w, struct perf_header *h)
{
	const char *slash = memchr(w.at, '/', piece_len(w));
	struct piece pid = {w.at, slash ? slash : w.end};

	if (!is_process_id(pid, &h->pid))
		return false;
	h->tid = h->pid;
	return !slash || is_process_id((struct piece){slash + 1, w.end}, &h->tid);
}

bool perf_is_misc(struct piece w)
{
	for (const char *c = w.at; c < w.end; c++)
		if (!strchr("KUHGgMESp", *c))
			return false;
	return !piece_is_empty(w) && piece_len(w) <= 3;
}

bool perf_is_date(struct piece w)
{
	for (const char *c = w.at; c < w.end; c++)
		if (!isdigit((unsigned char)*c) && !strchr("-:.", *c))
			return false;
	return piece_len(w) >= LEAST_DATE &&
	       (memchr(w.at, '-', piece_len(w)) || memchr(w.at, ':', piece_len(w)));
}

bool perf_take_event(struct piece *left, struct perf_header *h)
{
	struct piece at = *left, event = {piece_trimmed(*left).at, NULL};

	for (int i = 0; i < EVENT_WORDS; i++) {
		struct piece w = word_first(at);
		uint64_t address;

		if (piece_is_empty(w) || memchr(w.at, '(', piece_len(w)) || perf_is_time(w) ||
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

bool perf_is_address(struct piece w)
{
	bool has_digit = false;
	uint64_t address;

	for (const char *c = w.at; c < w.end; c++)
		has_digit = has_digit || isdigit((unsigned char)*c);
	return has_digit && piece_len(w) >= LEAST_ADDRESS && word_is_address(w, &address);
}

bool perf_is_period(struct piece line, struct piece w)
{
	struct piece before = piece_trimmed((struct piece){line.at, w.at});

	/* A blank separates it from what stands before it. */
	return w.end - (piece_is_empty(before) ? line.at : before.end + 1) >= PERIOD_WIDTH;
}
