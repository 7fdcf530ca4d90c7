/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of a line of perf script's: what blanks separate. */
#pragma once

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* A part of the line that is being read. */
struct piece {
	const char *at, *end;
};

static inline bool piece_is_empty(struct piece p)
{
	return p.at == p.end;
}

static inline size_t piece_len(struct piece p)
{
	return (size_t)(p.end - p.at);
}

static inline bool piece_starts(struct piece p, const char *with)
{
	size_t n = __builtin_strlen(with);

	return piece_len(p) >= n && __builtin_memcmp(p.at, with, n) == 0;
}

static inline bool piece_ends(struct piece p, const char *with)
{
	size_t n = __builtin_strlen(with);

	return piece_len(p) >= n && __builtin_memcmp(p.end - n, with, n) == 0;
}

static inline struct piece piece_trimmed(struct piece p)
{
	while (p.at < p.end && char_is_blank(*p.at))
		p.at++;
	while (p.end > p.at && char_is_blank(p.end[-1]))
		p.end--;
	return p;
}

/* The first word of what is left, or an empty piece at its end. */
static inline struct piece word_first(struct piece left)
{
	struct piece w = piece_trimmed(left);
	const char *end = w.end;

	for (w.end = w.at; w.end < end && !char_is_blank(*w.end); w.end++)
		;
	return w;
}

/* The last word, or an empty piece at the beginning. */
static inline struct piece word_last(struct piece left)
{
	struct piece w = piece_trimmed(left);
	const char *start = w.at;

	for (w.at = w.end; w.at > start && !char_is_blank(w.at[-1]); w.at--)
		;
	return w;
}

/* All of it digits: how much that is, at most INT64_MAX. */
static inline bool word_is_number(struct piece w, int64_t *ret)
{
	*ret = 0;
	for (const char *c = w.at; c < w.end; c++) {
		if (!isdigit((unsigned char)*c))
			return false;
		if (__builtin_mul_overflow(*ret, 10, ret) ||
		    __builtin_add_overflow(*ret, *c - '0', ret))
			*ret = INT64_MAX;
	}
	return !piece_is_empty(w);
}

/* All of it hexadecimal digits. */
static inline bool word_is_address(struct piece w, uint64_t *ret)
{
	*ret = 0;
	for (const char *c = w.at; c < w.end; c++) {
		if (hex_digit(*c) > 15)
			return false;
		*ret = *ret << 4 | hex_digit(*c);
	}
	return !piece_is_empty(w);
}
