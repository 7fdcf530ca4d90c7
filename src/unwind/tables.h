/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The unwind tables of images: built when asked for, on a thread of their own, kept in the store
 * and in the cache on disk, evicted when the store is full.
 *
 * Shape: one table an image that stands for its build id.
 * Owner: tables_free().
 * Threads: all calls from one; the worker thread has files of its own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cache.h"
#include "maps/images.h"
#include "unwind/store.h"

struct tables;

/* Tells that a table has come to lie (or, at 0, no longer lies) at an offset of the store. */
typedef void table_moved(void *ctx, const struct image *image, uint32_t table);

/* `store` stays the caller's; `cache_directory` NULL: the usual place; `quiesce` waits until nobody
 * reads what was taken back by `moved`. */
struct tables *tables_new(struct store *store, const char *cache_directory, table_moved *moved,
			  void (*quiesce)(void), void *ctx);
void tables_free(struct tables *tables);

/*
 * The image's table: an offset in the store, TABLE_FILE or TABLE_GENERATED when it has none (no
 * file, no program, not to be opened), or TABLE_NOT_READY: it is being built then. The image is one
 * that images_open() returned.
 */
uint32_t tables_get(struct tables *tables, struct image *image);
/* The table of an image that has a file, if it is there; nothing is begun. */
uint32_t tables_peek(const struct tables *tables, const struct image *image);

/* Evicts tables, those used longest ago first, until `bytes` more are free. Returns whether there
 * was one to evict. */
bool tables_make_room(struct tables *tables, uint32_t bytes);

/* Makes the image's table and keeps it in the cache, for nobody in particular. 0, or why it is not
 * kept: a negative errno. */
int tables_build(const struct image *image, struct cache *cache);

/* Readable when tables_take() has something to do. */
int tables_wait_fd(const struct tables *tables);
/* The time that tables in use are marked with: seconds. */
uint32_t tables_epoch(void);
/* How many tables were taken over so far. */
uint64_t tables_taken(const struct tables *tables);
/* Takes over what the worker has finished; with `wait`, at least one table if any is being built.
 * Returns whether a table is still being built. */
bool tables_take(struct tables *tables, bool wait);
