/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one cache on disk: results by key, each a file of its own.
 *
 * Place: $XDG_CACHE_HOME/cprof or ~/.cache/cprof, for root /var/cache/cprof: never a root-owned
 *        file in somebody's home.
 * Bound: CACHE_MAX_BYTES, kept by cache_free(); the files used longest ago go first.
 * Errors: a cache that cannot be used is empty. Files are mode 0600, written beside their name and
 *         renamed, checked when read: a torn or foreign one counts as absent.
 * Threads: any; several processes may use it at once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/filemap.h"

#define CACHE_MAX_BYTES (1024ull << 20)

struct cache;

/* `directory` NULL: the usual place. Never NULL. */
struct cache *cache_new(const char *directory);
/* What is wrong with its folder, for who asks for the cache itself: 0, or an error with its cure.
 */
int cache_check(const struct cache *cache, struct err *err);
void cache_free(struct cache *cache);
/* The bytes stored under `key` (a file name of letters, digits, dots and dashes), for the caller to
 * free; NULL when there are none. */
void *cache_get(const struct cache *cache, const char *key, size_t *ret_bytes);
/* 0, or why it is not kept: a negative errno. */
int cache_put(struct cache *cache, const char *key, const void *data, size_t bytes);

/* An entry that is read where it lies: every block is checked before its first use. */
struct cache_view {
	const uint8_t *data;
	size_t bytes;
	bool damaged; /* a block was not what was written */
	struct file_map map;
	uint8_t *checked; /* by block */
};
/* NULL when there is none. */
struct cache_view *cache_view_open(const struct cache *cache, const char *key);
void cache_view_free(struct cache_view *view);
/* To be called before bytes of `data` are read. False: they are damaged. */
bool cache_view_need(void *view, const void *at, size_t bytes);

/*
 * The entries, those used longest ago first.
 * Owner: cache_list_free().
 */
struct cache_entry {
	char *name; /* the key */
	uint64_t bytes;
	int64_t used_s; /* since 1970 */
};
struct cache_entry *cache_list(const struct cache *cache, size_t *ret_n);
void cache_list_free(struct cache_entry *entries, size_t n);
/* Where the cache lies; NULL: there is none. */
const char *cache_directory(const struct cache *cache);
/* Removes what was used longest ago until the bound is kept. Returns the bytes removed. */
uint64_t cache_trim(const struct cache *cache, uint64_t max_bytes);
