/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A resolver: one way of finding the names of addresses in an image.
 *
 * Resolvers are asked in the order of resolvers.def, each for what is still without a name; those
 * of different images at once, from several threads.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cache.h"
#include "maps/images.h"
#include "symbolize/named_by.h"
#include "symbolize/names.h"

struct query {
	uint64_t offset; /* in the image; for the kernel and for generated code the address */
	/* Out. Levels, innermost first (heap); their texts live as long as the image, or in
	 * `owned`. */
	struct place *places;
	size_t n; /* 0 while not found */
	enum named_by by;
	char *owned;
	char *module;   /* heap: kernel module, NULL: the image itself */
	uint64_t start; /* offset at which the function begins that has no name; 0: unknown */
};

/* What resolvers work with. */
struct resolving {
	struct cache *cache; /* NULL: none */
	bool java_perfmap;   /* ask Java machines for their perf maps, until then */
	uint64_t java_end_ns;
};

struct resolver {
	const char *name;
	const char *what; /* in words, for people */
	/* Answers the queries it can. `queries` are sorted by offset. */
	void (*resolve)(struct image *image, const struct resolving *with, struct query **queries,
			size_t n);
};

/* Answers with one level, whose texts live as long as `owned`, which the query takes (or NULL). */
void query_answer(struct query *q, enum named_by by, const struct place *place, char *owned);

#define RESOLVER(id, what) extern const struct resolver resolver_##id;
#include "symbolize/resolvers.def"
#undef RESOLVER
