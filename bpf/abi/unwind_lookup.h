/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking a rule up in the store, for both sides.
 *
 * Whoever includes this says how the store is read: STORE(store, type, offset), with STORE_POINTER
 * the type of `store`. What is read may be anything, so a search ends after a fixed number of steps
 * wherever it reads; it has no branches, for which the verifier would have to go both ways.
 */
#pragma once

#include "abi/unwind_table.h"
#include "abi/verifier.h"

#define TABLE_FIELD(name) __builtin_offsetof(struct table_head, name)
#define TABLE_INLINE      static inline __attribute__((always_inline))

/* All ones if a < b, for values below 2^63. */
TABLE_INLINE __u64 is_less(__u64 a, __u64 b)
{
	__u64 mask = a - b;

	/* Without these the compiler makes it a branch after all. */
	KEEP_CLAMP(mask);
	mask = (__u64)((__s64)mask >> 63);
	KEEP_CLAMP(mask);
	return mask;
}

/* The rule of an exceptional row. */
TABLE_INLINE __u64 table_exception(STORE_POINTER store, __u32 table, __u32 row)
{
	__u32 n = STORE(store, __u32, table + TABLE_FIELD(n_exceptions));
	__u32 rows = table + STORE(store, __u32, table + TABLE_FIELD(exceptions));
	__u32 dict = table + STORE(store, __u32, table + TABLE_FIELD(dict));
	__u64 at = 0, index;

	/* The last one that is not above `row`. */
	for (__u32 step = TABLE_MAX_EXCEPTIONS / 2; step; step >>= 1) {
		__u64 next = at + step;
		__u64 inside = is_less(next, n);

		at += step & inside &
		      ~is_less(row, STORE(store, __u32, rows + 4 * (next & inside)));
	}
	index = STORE(store, __u16, rows + 4 * n + 2 * at);
	return STORE(store, __u64, dict + 8 * (TABLE_MAX_DICT + index));
}

/* The rule at an address of the file; 0: none. */
TABLE_INLINE __u64 table_find(STORE_POINTER store, __u32 table, __u64 address)
{
	__u64 relative = address - STORE(store, __u64, table + TABLE_FIELD(base));
	__u32 n_chunks = STORE(store, __u32, table + TABLE_FIELD(n_chunks));
	__u32 directory = table + STORE(store, __u32, table + TABLE_FIELD(directory));
	__u32 rows = table + STORE(store, __u32, table + TABLE_FIELD(rows));
	__u32 chunk, group, first, sub = relative >> 8 & 15, counts, rule, dict;
	__u64 at, end, low = relative & 0xff;

	if (relative >> TABLE_CHUNK_SHIFT >= n_chunks)
		return 0;
	chunk = STORE(store, __u32, directory + 4 * (__u32)(relative >> TABLE_CHUNK_SHIFT));
	if (!chunk)
		return 0;
	group = table + chunk + (__u32)sizeof(struct table_group) * (relative >> 12 & 15);
	first = STORE(store, __u32, group);
	counts = group + 4;
	if (first & TABLE_WIDE) {
		counts = table + STORE(store, __u32, counts);
		first &= ~TABLE_WIDE;
		end = STORE(store, __u16, counts + 2 * sub);
		at = sub ? STORE(store, __u16, counts + 2 * sub - 2) : 0;
	} else {
		end = STORE(store, __u8, counts + sub);
		at = sub ? STORE(store, __u8, counts + sub - 1) : 0;
	}
	end += first;
	at += first;
	/* Rows below `at` lie at or below the address; of those up to `end`, count those that do.
	 */
	for (__u32 step = 256; step; step >>= 1) {
		__u64 next = at + step, over = is_less(end, next);
		__u64 row = next + ((end - next) & over);

		at += step & ~over & ~is_less(low, STORE(store, __u8, rows + 2 * row - 2));
	}
	if (!at)
		return 0;
	rule = STORE(store, __u8, rows + 2 * at - 1);
	if (rule == TABLE_EXCEPTION)
		return table_exception(store, table, at - 1);
	dict = table + STORE(store, __u32, table + TABLE_FIELD(dict));
	return STORE(store, __u64, dict + 8 * rule);
}

/* The mapping that may hold an address, of `n` at `maps`: its offset in the store. */
TABLE_INLINE __u32 table_map_find(STORE_POINTER store, __u32 maps, __u32 n, __u64 address)
{
	__u64 at = 0;

	for (__u32 step = MAX_TABLE_MAPS / 2; step; step >>= 1) {
		__u64 next = at + step, inside = is_less(next, n);

		at += step & inside &
		      ~is_less(address, STORE(store, __u64, maps + 32 * (__u32)(next & inside)));
	}
	return maps + 32 * (__u32)at;
}
