/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Protocol buffers as they lie in a file: numbers, and fields of a message, one after the other.
 *
 * Errors: what is cut short or damaged is false, never read beyond.
 * Source: protobuf.dev/programming-guides/encoding.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

/* One field of a message. */
struct field {
	uint32_t number;
	bool is_bytes;
	uint64_t value; /* a number, or the length */
	const uint8_t *bytes;
};

struct numbers {
	uint64_t *all;
	size_t n, cap;
};

static inline bool take_varint(const uint8_t *data, size_t len, size_t *at, uint64_t *ret)
{
	uint64_t value = 0;

	if (*at < len && data[*at] < 128) {
		*ret = data[(*at)++];
		return true;
	}
	for (unsigned shift = 0; shift < 64 && *at < len; shift += 7) {
		uint8_t byte = data[(*at)++];

		value |= (uint64_t)(byte & 127) << shift;
		if (byte < 128) {
			*ret = value;
			return true;
		}
	}
	return false;
}

/* The next field at `*at`; false at the end, and when damaged (`*bad`). */
static inline bool next_field(const uint8_t *data, size_t len, size_t *at, struct field *ret,
			      bool *bad)
{
	uint64_t tag, skip;

	if (*at == len)
		return false;
	*bad = true;
	*ret = (struct field){0};
	if (!take_varint(data, len, at, &tag) || tag >> 3 == 0 || tag >> 3 > 1 << 29)
		return false;
	ret->number = (uint32_t)(tag >> 3);
	switch (tag & 7) {
	case 0:
		if (!take_varint(data, len, at, &ret->value))
			return false;
		break;
	case 2:
		if (!take_varint(data, len, at, &ret->value) || ret->value > len - *at)
			return false;
		ret->is_bytes = true;
		ret->bytes = data + *at;
		*at += ret->value;
		break;
	case 1:
	case 5:
		skip = (tag & 7) == 1 ? 8 : 4;
		if (skip > len - *at)
			return false;
		*at += skip;
		ret->number = 0; /* no field of ours has a fixed size */
		break;
	default:
		return false;
	}
	*bad = false;
	return true;
}

/* Numbers of a repeated field, packed or one by one. */
static inline bool take_numbers(const struct field *f, struct numbers *to)
{
	size_t at = 0;

	/* Each takes a byte at least. */
	array_reserve(to->all, to->cap, to->n + (f->is_bytes ? f->value : 1));
	if (!f->is_bytes)
		to->all[to->n++] = f->value;
	while (f->is_bytes && at < f->value)
		if (!take_varint(f->bytes, f->value, &at, &to->all[to->n++]))
			return false;
	return true;
}
