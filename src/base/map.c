/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small hash tables for hot paths. */
#include "base/map.h"

#include "base/hash.h"
#include "base/mem.h"

#include <string.h>

void map_release(struct map *m)
{
	free(m->slots);
	*m = (struct map){0};
}

static void map_put(struct map *m, uint32_t hash, uint32_t id)
{
	size_t i = hash & m->mask;

	while (m->slots[i].id != NO_ID)
		i = (i + 1) & m->mask;
	m->slots[i] = (struct map_slot){hash, id};
}

static void map_grow(struct map *m)
{
	struct map old = *m;
	size_t n = old.slots ? (old.mask + 1) * 2 : 64;

	m->slots = mem_array(n, sizeof(*m->slots));
	memset(m->slots, 0xff, n * sizeof(*m->slots));
	m->mask = n - 1;
	for (size_t i = 0; old.slots && i <= old.mask; i++)
		if (old.slots[i].id != NO_ID)
			map_put(m, old.slots[i].hash, old.slots[i].id);
	free(old.slots);
}

uint32_t map_find(const struct map *m, uint64_t hash, map_equal *equal, const void *ctx,
		  const void *key)
{
	uint32_t h = (uint32_t)(hash >> 32);

	if (!m->slots)
		return NO_ID;
	for (size_t i = h & m->mask;; i = (i + 1) & m->mask) {
		const struct map_slot *s = &m->slots[i];

		if (s->id == NO_ID)
			return NO_ID;
		if (s->hash == h && equal(ctx, s->id, key))
			return s->id;
	}
}

void map_add(struct map *m, uint64_t hash, uint32_t id)
{
	if (!m->slots || (m->used + 1) * 4 > (m->mask + 1) * 3)
		map_grow(m);
	map_put(m, (uint32_t)(hash >> 32), id);
	m->used++;
}

void map64_release(struct map64 *m)
{
	free(m->keys);
	free(m->values);
	*m = (struct map64){0};
}

/* Index of the key, or of the free slot where it belongs. */
static size_t map64_slot(const struct map64 *m, uint64_t key)
{
	size_t i = hash_u64(key) & m->mask;

	while (m->keys[i] != UINT64_MAX && m->keys[i] != key)
		i = (i + 1) & m->mask;
	return i;
}

static void map64_grow(struct map64 *m)
{
	struct map64 old = *m;
	size_t n = old.keys ? (old.mask + 1) * 2 : 64;

	m->keys = mem_array(n, sizeof(*m->keys));
	m->values = mem_array(n, sizeof(*m->values));
	memset(m->keys, 0xff, n * sizeof(*m->keys));
	m->mask = n - 1;
	for (size_t i = 0; old.keys && i <= old.mask; i++) {
		size_t slot;

		if (old.keys[i] == UINT64_MAX)
			continue;
		slot = map64_slot(m, old.keys[i]);
		m->keys[slot] = old.keys[i];
		m->values[slot] = old.values[i];
	}
	free(old.keys);
	free(old.values);
}

bool map64_find(const struct map64 *m, uint64_t key, uint64_t *ret_value)
{
	size_t i;

	if (!m->keys)
		return false;
	i = map64_slot(m, key);
	if (m->keys[i] != key)
		return false;
	*ret_value = m->values[i];
	return true;
}

void map64_set(struct map64 *m, uint64_t key, uint64_t value)
{
	size_t i = m->keys ? map64_slot(m, key) : 0;

	if (!m->keys || m->keys[i] != key) {
		if (!m->keys || (m->used + 1) * 4 > (m->mask + 1) * 3)
			map64_grow(m);
		i = map64_slot(m, key);
		m->keys[i] = key;
		m->used++;
	}
	m->values[i] = value;
}

bool map64_delete(struct map64 *m, uint64_t key)
{
	size_t hole, i;

	if (!m->keys)
		return false;
	hole = map64_slot(m, key);
	if (m->keys[hole] != key)
		return false;
	/* Move later members of the run into the hole, so that no search stops early. */
	for (i = (hole + 1) & m->mask; m->keys[i] != UINT64_MAX; i = (i + 1) & m->mask) {
		size_t home = hash_u64(m->keys[i]) & m->mask;

		if (((i - home) & m->mask) >= ((i - hole) & m->mask)) {
			m->keys[hole] = m->keys[i];
			m->values[hole] = m->values[i];
			hole = i;
		}
	}
	m->keys[hole] = UINT64_MAX;
	m->used--;
	return true;
}

bool map64_next(const struct map64 *m, size_t *cursor, uint64_t *ret_key, uint64_t *ret_value)
{
	for (; m->keys && *cursor <= m->mask; (*cursor)++) {
		if (m->keys[*cursor] == UINT64_MAX)
			continue;
		*ret_key = m->keys[*cursor];
		*ret_value = m->values[(*cursor)++];
		return true;
	}
	return false;
}
