/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads bytes of a section, never beyond its end: then `bad` is set and all that follows is 0.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
	const uint8_t *at, *end;
	bool bad;
};

static inline struct cursor cursor_at(const void *bytes, size_t n, uint64_t offset)
{
	const uint8_t *start = bytes;

	if (!start || offset > n)
		return (struct cursor){.bad = true};
	return (struct cursor){start + offset, start + n, false};
}

static inline bool cursor_has(struct cursor *c, uint64_t n)
{
	if (__builtin_expect((uint64_t)(c->end - c->at) >= n, 1))
		return true;
	c->at = c->end;
	c->bad = true;
	return false;
}

static inline void skip(struct cursor *c, uint64_t n)
{
	if (cursor_has(c, n))
		c->at += n;
}

/* The next `n` bytes as a cursor of their own, which are skipped; an empty one where there are not
 * so many. */
static inline struct cursor take_block(struct cursor *c, uint64_t n)
{
	struct cursor block = {c->at, c->at, false};

	if (!cursor_has(c, n))
		return block;
	c->at += n;
	block.end = c->at;
	return block;
}

static inline uint8_t take_u8(struct cursor *c)
{
	return cursor_has(c, 1) ? *c->at++ : 0;
}

/* Bytes as they lie; `to` stays as it is when there are not so many. */
static inline void take_bytes(struct cursor *c, void *to, size_t n)
{
	if (!cursor_has(c, n))
		return;
	memcpy(to, c->at, n);
	c->at += n;
}

static inline uint16_t take_u16(struct cursor *c)
{
	uint16_t v = 0;

	take_bytes(c, &v, sizeof(v));
	return v;
}

static inline uint32_t take_u32(struct cursor *c)
{
	uint32_t v = 0;

	take_bytes(c, &v, sizeof(v));
	return v;
}

static inline uint64_t take_u64(struct cursor *c)
{
	uint64_t v = 0;

	take_bytes(c, &v, sizeof(v));
	return v;
}

/* A number of 1 to 8 bytes. */
static inline uint64_t take_n(struct cursor *c, unsigned bytes)
{
	uint64_t v = 0;

	if (bytes == 4)
		return take_u32(c);
	if (bytes == 8)
		return take_u64(c);
	if (bytes < 8)
		take_bytes(c, &v, bytes);
	return v;
}

static inline uint64_t take_uleb(struct cursor *c)
{
	uint64_t v = 0;
	unsigned shift = 0;

	while (cursor_has(c, 1)) {
		uint8_t byte = *c->at++;

		if (shift < 64)
			v |= (uint64_t)(byte & 127) << shift;
		if (byte < 128)
			return v;
		shift += 7;
	}
	return 0;
}

static inline int64_t take_sleb(struct cursor *c)
{
	uint64_t v = 0;
	unsigned shift = 0;

	while (cursor_has(c, 1)) {
		uint8_t byte = *c->at++;

		if (shift < 64)
			v |= (uint64_t)(byte & 127) << shift;
		shift += 7;
		if (byte >= 128)
			continue;
		if (byte & 64 && shift < 64)
			v |= ~0ull << shift;
		return (int64_t)v;
	}
	return 0;
}

/* Element `i` of an array of numbers that need not be aligned. */
static inline uint32_t u32_at(const uint8_t *numbers, size_t i)
{
	uint32_t v;

	memcpy(&v, numbers + 4 * i, sizeof(v));
	return v;
}

/* A text up to its NUL, which is skipped. */
struct text {
	const char *at; /* NULL: none */
	size_t n;
};

static inline struct text take_text(struct cursor *c)
{
	struct text t = {(const char *)c->at, 0};
	const uint8_t *nul = c->at < c->end ? memchr(c->at, '\0', (size_t)(c->end - c->at)) : NULL;

	if (!nul) {
		c->at = c->end;
		c->bad = true;
		return (struct text){0};
	}
	t.n = (size_t)(nul - c->at);
	c->at = nul + 1;
	return t;
}
