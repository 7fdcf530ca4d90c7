/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one cache on disk: results by key, each a file of its own.
 *
 * Place: $XDG_CACHE_HOME/cprof or ~/.cache/cprof, for root /var/cache/cprof: never a root-owned
 * file in somebody's home. Bound: CACHE_MAX_BYTES; the files used longest ago go first. Errors: a
 * cache that cannot be used is empty. Files are mode 0600, written beside their name and renamed,
 * checked when read: a torn or foreign one counts as absent. Threads: any; several processes may
 * use it at once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CACHE_MAX_BYTES (512ull << 20)

struct cache;

/* `directory` NULL: the usual place. Never NULL. */
struct cache *cache_new(const char *directory);
void cache_free(struct cache *cache);
/* The bytes stored under `key` (a file name of letters, digits, dots and dashes), for the caller to
 * free; NULL when there are none. */
void *cache_get(const struct cache *cache, const char *key, size_t *ret_bytes);
void cache_put(const struct cache *cache, const char *key, const void *data, size_t bytes);
/* Removes what was used longest ago until the bound is kept. */
void cache_trim(const struct cache *cache, uint64_t max_bytes);
