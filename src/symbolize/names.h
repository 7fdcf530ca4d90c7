/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of an image's addresses as one flat table, which the cache on disk keeps: functions,
 * what is inlined into them, files, lines, and the symbols chosen from the symbol tables.
 *
 * Shape: sorted arrays of 32-bit offsets from a base address, and a pool of strings (mangled). An
 *        address leads by one binary search to the innermost inlined function that holds it, and
 *        from there outwards to its parents; by another one to its file and line. `covered` says
 *        which addresses the table speaks of: all, or only those of the functions that were asked
 *        for so far; beyond them another table may know more.
 * Owner: names_free().
 * Trust: a table comes from a file; everything is checked as it is read.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ids.h"

/* Raised when the same file would give another table. */
enum { NAMES_VERSION = 3 };

enum names_flags {
	NAMES_DEBUG_INFO = 1,     /* it was made with debug information */
	NAMES_MINI_SYMBOLS = 2,   /* its symbols come from .gnu_debugdata too */
	NAMES_STATIC_SYMBOLS = 4, /* its symbols come from .symtab */
	NAMES_NO_DEBUG_INFO = 16, /* there was some, of no use */
	NAMES_OF_DEBUG_FILE = 8,  /* from a separate debug file */
};

/* -- making one -- */

struct names_builder;

struct names_builder *names_builder_new(uint64_t base);
void names_builder_free(struct names_builder *b);
/* The id of a string of `len` bytes. The same pointer is the same string while the builder lives.
 */
uint32_t names_string(struct names_builder *b, const char *text, size_t len);
/* The same for a text that does not stay, told by its content. */
uint32_t names_text(struct names_builder *b, const char *text);

/*
 * A function: its own node first, then those of what is inlined into it, in the order of the debug
 * information (outer ones first), each with its ranges. Then names_function_end().
 * `order` decides between functions that claim the same addresses: the smaller one wins.
 */
struct names_node {
	uint32_t parent;    /* NO_ID: the function itself */
	uint32_t name;      /* string; NO_ID: none */
	uint32_t call_file; /* string: where it was inlined */
	uint32_t call_line;
	uint32_t start_line; /* where its source begins, 0: unknown */
};
uint32_t names_node(struct names_builder *b, const struct names_node *node);
void names_range(struct names_builder *b, uint64_t lo, uint64_t hi, uint32_t node);
void names_function_end(struct names_builder *b, uint32_t order);

/* A run of lines: rows by ascending address, the end, and again. */
void names_row(struct names_builder *b, uint64_t address, uint32_t file, uint32_t line);
void names_rows_end(struct names_builder *b, uint64_t end, uint32_t order);

/* How good a symbol's name is among those of one address: higher wins, then the shorter, then
 * the one that came last. */
struct names_symbol {
	uint64_t address;
	uint64_t reach; /* its size, or how far it may reach at most: the next symbol ends it too */
	const char *name;
	size_t len;
	uint32_t merit;
	bool is_sized;
};
void names_symbol(struct names_builder *b, const struct names_symbol *symbol);
/* A symbol that is left out begins there: it ends one before it that has no size. */
void names_symbol_bound(struct names_builder *b, uint64_t address);

/* Only [lo, hi) is spoken of; without a call, everything is. */
void names_cover(struct names_builder *b, uint64_t lo, uint64_t hi);
/* Sorts what is spoken of so far, for names_wants(). */
void names_covers_sort(struct names_builder *b);
/* Is anything in [lo, hi) spoken of? `hint` starts at 0, and makes rising addresses fast. */
bool names_wants(const struct names_builder *b, uint64_t lo, uint64_t hi, size_t *hint);

/* The finished table (heap); NULL when it would be larger than 4 GiB. */
void *names_finish(struct names_builder *b, unsigned flags, size_t *ret_bytes);

/* -- reading one -- */

struct names; /* a table that was checked */

/* Called before bytes are read, for a table that is checked piece by piece. False: damaged. */
typedef bool names_need(void *ctx, const void *at, size_t bytes);

/* The table at the beginning of `data`, which must outlive it; `need` may be NULL. NULL when it is
 * no table. */
struct names *names_open(const void *data, size_t bytes, names_need *need, void *ctx);
size_t names_bytes(const struct names *n);
const void *names_data(const struct names *n);
void names_free(struct names *n);
unsigned names_flags(const struct names *n);

/* One level of an address, innermost first. Texts live as long as the table. */
struct place {
	const char *function; /* NULL: unknown */
	const char *file;     /* NULL: unknown */
	uint32_t line;        /* 0: unknown */
	uint32_t start_line;
};
enum { MAX_PLACES = 256 };

/* Does the table speak of all addresses? */
bool names_is_whole(const struct names *n);
/* Does the table speak of the address? */
bool names_covers(const struct names *n, uint64_t address);
/* The levels of an address, at most MAX_PLACES; 0 when its function is unknown: the file and line
 * of ret[0] may be known all the same. */
size_t names_find(const struct names *n, uint64_t address, struct place *ret);
/* The symbol that holds the address, where it begins, and whether its size is known (else it
 * reaches to the next one). NULL: none. */
const char *names_find_symbol(const struct names *n, uint64_t address, uint64_t *ret_start,
			      bool *ret_sized);
