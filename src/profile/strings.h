/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interned strings of a profile.
 *
 * Shape: id 0 is the empty string; equal texts have equal ids; ids are dense. What is no plain text
 *        (control characters; names are anyone's) has a plain twin, which is what is shown.
 * Owner: the texts live until strings_release(); pointers from strings_get() stay valid till then.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/map.h"

typedef uint32_t string_id;

struct strings {
	const char **texts;
	size_t n;
	size_t cap;
	struct map map;
	struct map64 plain; /* what is not plain -> its twin */
	char *block;        /* the block that new texts go to */
	size_t block_left;
	char **blocks;
	size_t n_blocks;
	size_t cap_blocks;
};

void strings_init(struct strings *s);
void strings_release(struct strings *s);
string_id strings_add(struct strings *s, const char *text);
string_id strings_add_n(struct strings *s, const char *text, size_t len);
/* NO_ID when the text is not there. */
string_id strings_find(const struct strings *s, const char *text);

/* As it came: for files and for comparing, never to be shown. */
static inline const char *strings_get(const struct strings *s, string_id id)
{
	return s->texts[id];
}

/* As it can be shown. */
static inline const char *strings_plain(const struct strings *s, string_id id)
{
	uint64_t twin;

	return s->plain.used && map64_find(&s->plain, id, &twin) ? s->texts[twin] : s->texts[id];
}
