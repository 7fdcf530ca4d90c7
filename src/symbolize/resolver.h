/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A resolver: one way of finding the names of addresses in an image.
 *
 * Resolvers are asked in the order of resolvers.def, each for what is still without a name.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "maps/images.h"

struct query {
	uint64_t offset; /* in the image; for the kernel the address */
	char *name;      /* out, heap: as in the symbol table; NULL while not found */
	char *module;    /* out, heap: kernel module, NULL: the image itself */
};

struct resolver {
	const char *name;
	const char *what; /* in words, for people */
	/* Fills `name` of the queries it can answer. `queries` are sorted by offset. */
	void (*resolve)(struct image *image, struct query **queries, size_t n);
};

#define RESOLVER(id, what) extern const struct resolver resolver_##id;
#include "symbolize/resolvers.def"
#undef RESOLVER
