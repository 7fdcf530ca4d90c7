/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hashes of bytes and numbers (xxhash). */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* 64-bit hash of bytes; not stable across versions of cprof: on disk only where another one counts
 * as absent. */
uint64_t hash_bytes(const void *data, size_t len);

static inline uint64_t hash_u64(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ull;
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ull;
	return x ^ x >> 32;
}
