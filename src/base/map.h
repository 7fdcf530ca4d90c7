/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small hash tables for hot paths.
 *
 * Shape: `struct map` is open addressing over (hash, id): the keys lie in the caller's array, and
 *        an `equal` callback compares one of them with the key looked for. No deletion.
 *        `struct map64` maps a 64-bit key (never UINT64_MAX) to a 64-bit value, with deletion.
 * Owner: the caller's storage; a zeroed struct is an empty map; x_release() frees.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ids.h"

struct map_slot {
	uint32_t hash; /* upper half of the key's hash */
	uint32_t id;   /* NO_ID: free */
};

struct map {
	struct map_slot *slots;
	size_t mask; /* slots - 1, 0 when there are none */
	size_t used;
};

typedef bool map_equal(const void *ctx, uint32_t id, const void *key);

void map_release(struct map *m);
/* Returns the id stored for the key, or NO_ID. */
uint32_t map_find(const struct map *m, uint64_t hash, map_equal *equal, const void *ctx,
		  const void *key);
/* Adds a key that is not there. */
void map_add(struct map *m, uint64_t hash, uint32_t id);

struct map64 {
	uint64_t *keys;
	uint64_t *values;
	size_t mask;
	size_t used;
};

void map64_release(struct map64 *m);
bool map64_find(const struct map64 *m, uint64_t key, uint64_t *ret_value);
void map64_set(struct map64 *m, uint64_t key, uint64_t value);
bool map64_delete(struct map64 *m, uint64_t key);

/* Iterates: `cursor` starts at 0; false at the end. Meanwhile no key may come or go; values may be
 * set. */
bool map64_next(const struct map64 *m, size_t *cursor, uint64_t *ret_key, uint64_t *ret_value);
