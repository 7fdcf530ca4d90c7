/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interned strings of a profile. */
#include "profile/strings.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

enum { BLOCK_BYTES = 65536 };

struct text {
	const char *text;
	size_t len;
};

static bool strings_text_equal(const void *ctx, uint32_t id, const void *key)
{
	const struct strings *s = ctx;
	const struct text *t = key;

	return strncmp(s->texts[id], t->text, t->len) == 0 && s->texts[id][t->len] == '\0';
}

void strings_init(struct strings *s)
{
	*s = (struct strings){0};
	strings_add(s, "");
}

void strings_release(struct strings *s)
{
	for (size_t i = 0; i < s->n_blocks; i++)
		free(s->blocks[i]);
	free(s->blocks);
	free(s->texts);
	map_release(&s->map);
	map64_release(&s->plain);
	*s = (struct strings){0};
}

static char *text_room(struct strings *s, size_t bytes)
{
	char *room;

	if (bytes > s->block_left) {
		size_t block = MAX(bytes, (size_t)BLOCK_BYTES);

		s->block = mem_check(malloc(block));
		s->block_left = block;
		array_reserve(s->blocks, s->cap_blocks, s->n_blocks + 1);
		s->blocks[s->n_blocks++] = s->block;
	}
	room = s->block;
	s->block += bytes;
	s->block_left -= bytes;
	return room;
}

static string_id strings_add_new(struct strings *s, const struct text *key, uint64_t hash)
{
	char *copy = text_room(s, key->len + 1);
	string_id id = (string_id)s->n++;

	memcpy(copy, key->text, key->len);
	copy[key->len] = '\0';
	array_reserve(s->texts, s->cap, s->n);
	s->texts[id] = copy;
	map_add(&s->map, hash, id);
	return id;
}

string_id strings_add_n(struct strings *s, const char *text, size_t len)
{
	struct text key = {text, strnlen(text, len)};
	uint64_t hash = hash_bytes(text, key.len);
	string_id id = map_find(&s->map, hash, strings_text_equal, s, &key);
	auto_free char *plain = NULL;

	if (id != NO_ID)
		return id;
	id = strings_add_new(s, &key, hash);
	if (str_is_plain(s->texts[id]))
		return id;
	plain = mem_strdup(s->texts[id]);
	text_clean(plain, "");
	map64_set(&s->plain, id, strings_add(s, plain));
	return id;
}

string_id strings_add(struct strings *s, const char *text)
{
	return strings_add_n(s, text, strlen(text));
}

string_id strings_find(const struct strings *s, const char *text)
{
	struct text key = {text, strlen(text)};

	return map_find(&s->map, hash_bytes(text, key.len), strings_text_equal, s, &key);
}
