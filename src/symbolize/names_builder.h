/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two halves of the builder share: names_build.c takes in what is told (names.h),
 * names_table.c lays it out as a table (names_format.h).
 *
 * Units: addresses are the file's; those of what is kept lie less than 4 GiB above `base`.
 */
#pragma once

#include "base/map.h"
#include "base/str.h"
#include "symbolize/names.h"
#include "symbolize/names_format.h"

struct raw_range {
	uint64_t lo, hi;
	uint32_t node, order;
};

/* Of a function's or a run of lines' addresses; `first` in segments or rows. */
struct piece {
	uint64_t lo, hi;
	uint32_t first, n, order;
};

struct segment {
	uint64_t address;
	uint32_t node;
};

struct row {
	uint64_t address;
	uint32_t file, line;
};

struct symbol {
	uint64_t address, reach;
	uint32_t name, merit;
	uint32_t order; /* of coming */
	bool is_sized;
};

struct names_builder {
	uint64_t base;
	struct str strings;
	struct map64 by_pointer;
	struct map by_content;
	struct names_node *nodes;
	size_t n_nodes, cap_nodes;
	struct raw_range *ranges; /* of the function being told */
	size_t n_ranges, cap_ranges;
	uint32_t first_node; /* of that function */
	struct segment *segments;
	size_t n_segments, cap_segments;
	struct piece *functions;
	size_t n_functions, cap_functions;
	struct row *rows;
	size_t n_rows, cap_rows, first_row;
	struct piece *runs;
	size_t n_runs, cap_runs;
	struct symbol *symbols;
	size_t n_symbols, cap_symbols;
	uint64_t *bounds; /* where symbols begin that were left out */
	size_t n_bounds, cap_bounds;
	struct raw_range *covers;
	size_t n_covers, cap_covers;
};

/* Sorts; one symbol wins an address, and ends where the next begins. */
void names_choose_symbols(struct names_builder *b);
