/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a table of names lies in memory and in the cache. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define NAMES_MAGIC 0x3273656d616e7063ull /* "cpnames2" */

enum names_part {
	PART_COVER,           /* u32 lo, hi; none: everything */
	PART_SEGMENT_ADDRESS, /* u32, sorted; a segment reaches to the next one */
	PART_SEGMENT_NODE,    /* u32; NO_ID: no function */
	PART_NODE,            /* struct names_node */
	PART_ROW_ADDRESS,     /* u32, sorted */
	PART_ROW,
	PART_SYMBOL_ADDRESS, /* u32, sorted */
	PART_SYMBOL,
	PART_STRINGS, /* bytes, the last one 0 */
	N_PARTS,
};

struct names_row {
	uint32_t file; /* string; NO_ID: none */
	uint32_t line;
};

#define SYMBOL_SIZED 0x80000000u

struct names_symbol_row {
	uint32_t reach; /* in bytes, | SYMBOL_SIZED */
	uint32_t name;  /* string */
};

static const uint8_t names_part_bytes[N_PARTS] = {8, 4, 4, 20, 4, 8, 4, 8, 1};

struct names_head {
	uint64_t magic;
	uint32_t version;
	uint32_t flags; /* enum names_flags */
	uint64_t base;  /* of all addresses */
	uint64_t bytes; /* with this head */
	struct {
		uint32_t offset, n;
	} parts[N_PARTS];
};
