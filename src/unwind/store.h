/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Room in the store that both sides see: an allocator of offsets.
 *
 * Shape: blocks are multiples of STORE_ALIGN; what is freed is only reused after store_settle(),
 *        when no program of the kernel side reads it any more.
 * Owner: store_release(); the memory is the caller's, but for that of store_init_own().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STORE_ALIGN = 64 };

struct store_extent {
	uint32_t at, bytes;
};

struct store {
	char *memory;
	uint32_t bytes;
	struct store_extent *free; /* by offset, never adjacent */
	size_t n_free, cap_free;
	struct store_extent *waiting; /* freed, perhaps still read */
	size_t n_waiting, cap_waiting;
	size_t n_aged; /* of them: freed before the last store_age() */
	bool is_own;
};

void store_init(struct store *s, char *memory, uint32_t bytes);
/* One of this process alone, whose pages come when they are written. On an error (a negative errno)
 * it has no room. */
int store_init_own(struct store *s, uint32_t bytes);
void store_release(struct store *s);
/* Copies `data` into the store. Returns the offset, 0 when there is no room. */
uint32_t store_put(struct store *s, const void *data, uint32_t bytes);
void store_free(struct store *s, uint32_t at, uint32_t bytes);
/* Nobody reads what was freed up to now. */
void store_settle(struct store *s);
/* Nobody reads what was freed before the last call of this. */
void store_age(struct store *s);
