/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that names the addresses of one image: Go's own tables, debug information, symbol tables,
 * the linker's jumps; as a table from the cache where there is one.
 *
 * Owner: symbols_free(). Texts live as long.
 * Threads: one a struct; different ones at once.
 */
#pragma once

#include "base/cache.h"
#include "maps/images.h"
#include "symbolize/named_by.h"
#include "symbolize/names.h"

struct symbols;

/* `image` has a file, and outlives it; `cache` may be NULL. */
struct symbols *symbols_new(struct image *image, struct cache *cache);
void symbols_free(struct symbols *s);
/* Reads what the addresses (sorted; of the file's segments) need. With `all`, everything. */
void symbols_prepare(struct symbols *s, const uint64_t *addresses, size_t n, bool all);
/* Is all known that there is to know? */
bool symbols_is_whole(const struct symbols *s);
/* The levels of an address, innermost first, at most MAX_PLACES. The outermost one's name is that
 * of the symbol table. */
enum named_by symbols_find(struct symbols *s, uint64_t address, struct place *ret, size_t *ret_n);
/* Where the function without a name begins that holds the address, or what looks like one. */
bool symbols_start(struct symbols *s, uint64_t address, uint64_t *ret);
/* Are names there that come from debug information? */
bool symbols_has_debug_info(const struct symbols *s);

/* 0, or why what was read is not kept in the cache: a negative errno. */
int symbols_kept(const struct symbols *s);
