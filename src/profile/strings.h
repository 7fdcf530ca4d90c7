/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interned strings of a profile.
 *
 * Shape: id 0 is the empty string; equal texts have equal ids; ids are dense.
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
	char *block; /* the block that new texts go to */
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

static inline const char *strings_get(const struct strings *s, string_id id)
{
	return s->texts[id];
}
