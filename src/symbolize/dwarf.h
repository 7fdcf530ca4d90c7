/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thin reader of DWARF 2 to 5: functions, what is inlined into them, and lines, for addresses.
 *
 * Shape: two levels. Of a unit that holds an address first its functions are listed, with their
 *        bodies skipped; of a function that holds one its body is read. dwarf_names() does so for
 *        given addresses, or for all; both give a table (names.h).
 * Limits: it covers gcc, clang and rustc: split functions, partial units, alternate files (dwz),
 *         split DWARF (.dwo, .dwp). What it does not know it leaves out.
 * Trust: the bytes are hostile, and may change while they are read; every loop is bounded by them.
 * Owner: dwarf_free().
 * Threads: one a struct.
 */
#pragma once

#include "elf/sections.h"
#include "symbolize/names.h"

struct dwarf;

/* Opens files that the debug information names: the alternate file, split units. NULL: not found.
 * `relative` to the folder of the debug file, or to `directory`. */
struct dwarf_source {
	struct sections *(*open)(void *ctx, const char *directory, const char *path,
				 const struct build_id *id);
	void *ctx;
};

/* `sections` must outlive it; NULL when there is no debug information. */
struct dwarf *dwarf_new(struct sections *sections, const struct dwarf_source *source);
void dwarf_free(struct dwarf *d);
/* Bytes of .debug_info. */
uint64_t dwarf_bytes(const struct dwarf *d);

/* Lies most of it in other files (.dwo, .dwp)? */
bool dwarf_is_split(struct dwarf *d);

/* Was one of those files not found? */
bool dwarf_is_partial(const struct dwarf *d);

/* Tells the builder of all functions and lines. */
void dwarf_all(struct dwarf *d, struct names_builder *b);
/* Tells it of those at the addresses (sorted), and what of the table is covered then. */
void dwarf_some(struct dwarf *d, const uint64_t *addresses, size_t n, struct names_builder *b);
