/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unwind tables, and where each is mapped: the layout that both sides share.
 *
 * Shape: a table is one position-independent blob: head, dictionary, directory (one word for 64 KB
 *        of text, 0 = none), chunks of 16 groups of 4 KB, wide groups, rows, exceptions. A row is
 *        two bytes: the low byte of its address and the number of its rule; it holds until the
 *        next row. Rule 255 is looked up among the exceptions, by the row's number.
 * Units: addresses are those of the ELF file; offsets count bytes from the blob's start.
 * Owner: blobs do not change once published, but for `last_used`.
 */
#pragma once

#include "abi/unwind_rule.h"

enum {
	TABLE_MAGIC = 0x32747563, /* the version of layout and rules: "cut2" */
	TABLE_CHUNK_SHIFT = 16,
	TABLE_GROUPS = 16,    /* a chunk */
	TABLE_MAX_DICT = 255, /* rules with a number of their own */
	TABLE_EXCEPTION = 255,
	TABLE_MAX_ROWS = 1 << 24,
	TABLE_MAX_RULES = 1 << 16,      /* distinct, beyond the dictionary */
	TABLE_MAX_EXCEPTIONS = 1 << 20, /* rows */
};

struct table_head {
	__u32 magic;
	__u32 bytes;
	__u64 base; /* of the first chunk */
	__u32 n_chunks, n_rows, n_dict, n_exceptions, n_rules;
	__u32 dict, directory, rows; /* offsets */
	__u32 exceptions;            /* offset of the row numbers; indices into the rules follow */
	__u32 last_used;             /* epoch, written by the kernel side */
};

/* Rows up to the end of each 256 bytes, counted from `first`. With TABLE_WIDE in `first` the counts
 * do not fit: the first four bytes are then the offset of 16-bit ones. */
struct table_group {
	__u32 first;
	__u8 upto[16];
};
#define TABLE_WIDE 0x80000000u

/* One executable mapping of a process, in `begin` order. */
struct table_map {
	__u64 begin, end;
	__u64 bias;  /* address - bias = address in the file */
	__u32 table; /* offset in the store, or a TABLE_* below */
	__u32 pad;
};

enum {
	TABLE_NOT_READY = 0, /* being built */
	TABLE_FILE = 1,      /* a file without unwind information */
	TABLE_GENERATED = 2, /* code that lies in no file, and may change */
	TABLE_FIRST = 64,    /* offsets begin here */
	MAX_TABLE_MAPS = 65536,
};

/* In front of the mappings that were published. A number of theirs alone, 0 once they were taken
 * back: a forked child may refer to them still, of whom user space does not know. */
struct table_maps_head {
	__u64 serial;
	__u64 pad[3];
};

/* What the kernel side knows of a process: written by user space, used while it is that program. */
struct process_maps {
	__u32 maps; /* offset in the store of struct table_map, behind a table_maps_head */
	__u32 n_maps;
	__u64 serial; /* of the mappings */
	__u64 tag;    /* of its addresses in the cache of rules: in the bits above an address */
	__u64 start_ns;
	__u64 exec_id;
	__u64 exec_pages; /* 0: not looked at yet */
	__u32 version;    /* of the mappings */
	__u32 flags;
};

/* LEADS_NOWHERE: unknown addresses of it have led nowhere often, in user space too: no captures for
 * that. */
enum { PROCESS_GENERATES_CODE = 1, PROCESS_LEADS_NOWHERE = 2 };

/* Rules by address, of one CPU; the tag tells address spaces apart. */
enum { RULE_CACHE_LINES = 4096 };

struct rule_cache_line {
	__u64 tag, rule;
};

struct rule_cache {
	struct rule_cache_line lines[RULE_CACHE_LINES];
};

_Static_assert(sizeof(struct process_maps) == 56, "process_maps has padding");
_Static_assert(sizeof(struct table_head) == 56, "table_head has padding");
_Static_assert(sizeof(struct table_group) == 20, "table_group has padding");
_Static_assert(sizeof(struct table_map) == 32, "table_map has padding");
