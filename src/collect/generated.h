/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generated code that its process does not name, parted into what look like functions.
 *
 * Shape: the code is read from the process's memory, a block at a time, when an address of it is
 *        met, and again when what was read is old; what cannot be read is parted by pages.
 * Bounds: MAX_BLOCKS kept, MAX_A_SECOND read.
 * Owner: generated_free().
 * Threads: one a struct.
 */
#pragma once

#include "maps/spaces.h"

struct generated;

struct generated *generated_new(void);
void generated_free(struct generated *g);
/* Where the function seems to begin that holds the address, which lies in `map` of the process. */
uint64_t generated_start(struct generated *g, const struct space *space,
			 const struct space_map *map, uint64_t address);
