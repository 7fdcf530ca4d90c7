/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the DWARF reader share; see dwarf.h. */
#pragma once

#include "base/cursor.h"
#include "base/map.h"
#include "symbolize/dwarf.h"
#include "symbolize/intervals.h"

enum {
	MAX_ATTRIBUTES_OF_ONE = 256,
	MAX_ALL_RANGES = 4 << 20, /* of one pass: many DIEs may share one list */
	MAX_REFERENCES = 16,      /* from a function to its declaration to ... */
	MAX_RANGES = 1 << 16,     /* of one function */
	MAX_DIE_DEPTH = 1 << 10,  /* hostile nesting */
};

/* What a DIE is to us. */
enum die_kind {
	DIE_UNIT,
	DIE_SCOPE, /* may hold functions: namespaces, blocks */
	DIE_TYPE,  /* holds functions that matter only within functions */
	DIE_FUNCTION,
	DIE_INLINED,
};

/* Which functions are listed. */
enum list_depth {
	LIST_NONE,
	LIST_TOP,      /* those outside of others */
	LIST_CONCRETE, /* those within abstract ones too, whose bodies are not code */
	LIST_ALL,
};

enum { VARIES = 255 };

struct attribute {
	uint16_t name, form;
	uint32_t skip;    /* bytes; VARIES where they are not always the same */
	int64_t implicit; /* DW_FORM_implicit_const */
};

struct abbrev {
	uint16_t tag;
	uint8_t kind; /* enum die_kind */
	bool has_children;
	uint32_t first, n;           /* attributes */
	uint32_t first_skip, n_skip; /* the same, with neighbours of one size in one */
};

struct abbrevs {
	struct abbrev *all; /* by code */
	size_t n;
	struct attribute *attributes;
	size_t n_attributes, cap_attributes;
};

struct value {
	uint16_t form; /* 0: absent */
	uint64_t number;
	struct text text; /* DW_FORM_string */
};

struct files;

struct range {
	uint64_t lo, hi;
};

struct dwarf_function {
	const uint8_t *die;
	uint32_t first_range, n_ranges;
	bool told; /* to the builder of this pass */
};

struct unit {
	struct dwarf *dwarf;
	uint64_t offset; /* in .debug_info */
	const uint8_t *dies, *end;
	uint64_t abbrev_offset;
	uint64_t dwo_id;
	uint16_t version;
	uint8_t address_size, offset_size, type;
	uint8_t level; /* enum list_depth: of `functions` */
	bool rooted, bad, has_lines, has_ranges, has_low_pc;
	bool has_set; /* in .debug_aranges */
	bool split_looked;
	struct abbrevs *abbrevs;
	/* Of the unit's own DIE. */
	uint64_t low_pc, high_pc, lines, ranges_base, addr_base, str_offsets_base, rnglists_base;
	struct value ranges;
	struct text name, directory, dwo_name;
	struct unit *split, *skeleton;
	struct dwarf_function *functions;
	size_t n_functions, cap_functions;
	struct range *function_ranges;
	size_t n_ranges, cap_ranges;
	struct files *files;
	const struct names_builder *touched_by; /* of this pass */
	struct intervals by_address;            /* of functions */
	struct map64 listed;                    /* DIEs of `functions`, while all are told of */
};

/* A function's or inlined function's name and first line, by the offset of its DIE. */
struct origin {
	struct text name;
	uint32_t line;
};

struct dwarf {
	struct sections *sections;
	struct dwarf_source source;
	struct elf_section info, abbrev, line, line_str, str, str_offsets, addr, ranges, rnglists;
	struct unit *units;
	size_t n_units, cap_units;
	struct map64 abbrevs;           /* offset -> struct abbrevs * */
	size_t n_abbrevs, n_attributes; /* read so far: bounded by the bytes that tell of them */
	size_t n_ranges;                /* of this pass */
	struct map64 lines_run;         /* offsets of the line programs that this pass has run */
	struct map64 origin_at;
	struct origin *origins;
	size_t n_origins, cap_origins;
	struct intervals unit_ranges;
	bool ranged;
	struct dwarf *main; /* of split units: where their skeletons are */
	struct dwarf *alt;  /* dwz's alternate file, once it was looked for */
	bool alt_looked;
	struct dwarf *(*find_alt)(struct dwarf *d); /* looks for it; NULL: there is none */
	struct sections *own;                       /* opened by us */
	struct dwarf **splits;
	size_t n_splits, cap_splits;
	bool split_missing;    /* a file was not found */
	struct dwarf *package; /* the .dwp */
	bool package_looked;
};

/* How long what follows is, as units and tables begin; offsets in it have `ret_offset_size` bytes.
 * False: longer than what is there. */
static inline bool take_length(struct cursor *c, uint64_t *ret, uint8_t *ret_offset_size)
{
	*ret_offset_size = 4;
	*ret = take_u32(c);
	if (*ret == 0xffffffff) {
		*ret = take_u64(c);
		*ret_offset_size = 8;
	}
	return !c->bad && *ret <= (uint64_t)(c->end - c->at);
}

/* -- dwarf_file.c -- */

struct dwarf *dwarf_open(struct sections *sections, const struct dwarf_source *source, bool dwo);

/* -- dwarf_abbrev.c -- */

/* The abbreviation of the DIE at the cursor; NULL for the end of a list of siblings and, with the
 * cursor at its end, for garbage. */
const struct abbrev *unit_abbrev(struct unit *u, struct cursor *c);
struct attribute unit_attribute(const struct unit *u, uint64_t name, uint64_t form);

/* -- dwarf_unit.c -- */

void unit_root(struct unit *u);
void read_value(const struct unit *u, struct cursor *c, const struct attribute *a,
		struct value *ret);
/* Gets past the attributes; `sibling` (or NULL) gets that one. */
void skip_attributes(const struct unit *u, struct cursor *c, const struct abbrev *a,
		     struct value *sibling);
struct text unit_text(const struct unit *u, const struct value *v);
bool unit_address(const struct unit *u, const struct value *v, uint64_t *ret);
bool unit_indexed_address(const struct unit *u, uint64_t index, uint64_t *ret);
/* The DIE that a reference leads to, in whichever file: NULL when none. */
const uint8_t *unit_refers(struct unit *u, const struct value *v, struct unit **ret);
void dwarf_read_units(struct dwarf *d);
/* The unit whose header lies at the offset. */
struct unit *dwarf_unit_of(struct dwarf *d, uint64_t offset);
/* The unit whose DIEs hold the offset. */
struct unit *dwarf_unit_at(struct dwarf *d, uint64_t offset);
bool is_address_form(uint16_t form);

/* -- dwarf_attributes.c -- */

typedef void range_visit(void *ctx, uint64_t lo, uint64_t hi);
/* Visits what DW_AT_ranges names. */
void unit_ranges(const struct unit *u, const struct value *v, range_visit *visit, void *ctx);
/* Name and first line of the function whose DIE it is. */
const struct origin *unit_origin(struct unit *u, const uint8_t *die);

/* -- dwarf_split.c -- */

/* Finds the unit that a skeleton stands for. */
void unit_find_split(struct unit *u);
struct dwarf *dwarf_alt(struct dwarf *d);

/* -- dwarf_functions.c -- */

/* Lists the functions of a unit. */
void unit_list(struct unit *u, enum list_depth depth);
/* Tells the builder of a function and of what is inlined into it; with `collect`, functions within
 * it are added to the unit's list. */
void unit_tell(struct unit *u, size_t function, struct names_builder *b, uint32_t order,
	       bool collect);

/* -- dwarf_lines.c -- */

/* File names of a unit's line table, as ids of the builder's; the unit keeps them for this builder.
 */
struct files *unit_files(struct unit *u, struct names_builder *b);
void files_free(struct files *f);
uint32_t files_get(struct files *f, uint64_t index);
/* Tells the builder of the unit's lines. */
void unit_lines(struct unit *u, struct names_builder *b, uint32_t order);
