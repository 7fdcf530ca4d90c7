/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Abbreviations of debug information: which attributes a DIE has, and how many bytes they take. */
#include "symbolize/dwarf_reader.h"

#include "base/mem.h"

#include <dwarf.h>

static enum die_kind kind_of(uint64_t tag)
{
	switch (tag) {
	case DW_TAG_subprogram:
	case DW_TAG_entry_point:
		return DIE_FUNCTION;
	case DW_TAG_inlined_subroutine:
		return DIE_INLINED;
	case DW_TAG_compile_unit:
	case DW_TAG_partial_unit:
	case DW_TAG_skeleton_unit:
		return DIE_UNIT;
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_lexical_block:
		return DIE_SCOPE;
	default:
		return DIE_TYPE;
	}
}

/* Bytes of a form, VARIES when they are not always the same. */
static unsigned form_bytes(const struct unit *u, uint64_t form)
{
	switch (form) {
	case DW_FORM_flag_present:
	case DW_FORM_implicit_const:
		return 0;
	case DW_FORM_data1:
	case DW_FORM_ref1:
	case DW_FORM_flag:
	case DW_FORM_strx1:
	case DW_FORM_addrx1:
		return 1;
	case DW_FORM_data2:
	case DW_FORM_ref2:
	case DW_FORM_strx2:
	case DW_FORM_addrx2:
		return 2;
	case DW_FORM_strx3:
	case DW_FORM_addrx3:
		return 3;
	case DW_FORM_data4:
	case DW_FORM_ref4:
	case DW_FORM_ref_sup4:
	case DW_FORM_strx4:
	case DW_FORM_addrx4:
		return 4;
	case DW_FORM_data8:
	case DW_FORM_ref8:
	case DW_FORM_ref_sig8:
	case DW_FORM_ref_sup8:
		return 8;
	case DW_FORM_data16:
		return 16;
	case DW_FORM_addr:
		return u->address_size;
	case DW_FORM_ref_addr:
		return u->version == 2 ? u->address_size : u->offset_size;
	case DW_FORM_strp:
	case DW_FORM_line_strp:
	case DW_FORM_sec_offset:
	case DW_FORM_strp_sup:
	case DW_FORM_GNU_strp_alt:
	case DW_FORM_GNU_ref_alt:
		return u->offset_size;
	default:
		return VARIES;
	}
}

struct attribute unit_attribute(const struct unit *u, uint64_t name, uint64_t form)
{
	return (struct attribute){.name = (uint16_t)MIN(name, 0xffffu),
				  .form = (uint16_t)MIN(form, 0xffffu),
				  .skip = form_bytes(u, form)};
}

static uint32_t add_attribute(struct abbrevs *t, const struct attribute *a)
{
	array_reserve(t->attributes, t->cap_attributes, t->n_attributes + 1);
	t->attributes[t->n_attributes] = *a;
	return (uint32_t)t->n_attributes++;
}

/* The attributes once more, for whoever only wants to get past them. */
static void join_skips(struct abbrevs *t, struct abbrev *to)
{
	to->first_skip = (uint32_t)t->n_attributes;
	for (uint32_t i = 0; i < to->n; i++) {
		struct attribute a = t->attributes[to->first + i];
		struct attribute *last = t->n_attributes > to->first_skip
						 ? &t->attributes[t->n_attributes - 1]
						 : NULL;

		if (a.skip == VARIES || a.name == DW_AT_sibling)
			add_attribute(t, &a);
		else if (last && last->name == 0)
			last->skip += a.skip;
		else if (a.skip)
			add_attribute(t, &(struct attribute){.skip = a.skip});
	}
	to->n_skip = (uint32_t)t->n_attributes - to->first_skip;
}

/* One abbreviation. False at the end of the table and for garbage. */
static bool read_abbrev(const struct unit *u, struct cursor *c, struct abbrevs *t,
			struct abbrev *ret, uint64_t *ret_code)
{
	uint64_t code = take_uleb(c), tag = take_uleb(c);

	*ret_code = code;
	*ret = (struct abbrev){.tag = (uint16_t)tag, .kind = kind_of(tag)};
	ret->has_children = take_u8(c);
	if (!code || c->bad)
		return false;
	ret->first = (uint32_t)t->n_attributes;
	for (;;) {
		uint64_t name = take_uleb(c), form = take_uleb(c);
		struct attribute is = unit_attribute(u, name, form);

		if (form == DW_FORM_implicit_const)
			is.implicit = take_sleb(c);
		if ((!name && !form) || c->bad)
			break;
		if (t->n_attributes - ret->first == MAX_ATTRIBUTES_OF_ONE)
			return false;
		add_attribute(t, &is);
	}
	ret->n = (uint32_t)t->n_attributes - ret->first;
	join_skips(t, ret);
	return true;
}

/* Codes are 1, 2, 3 ... in whatever order: a table with large gaps is garbage. */
static struct abbrevs *read_abbrevs(const struct unit *u)
{
	struct dwarf *d = u->dwarf;
	struct cursor c = cursor_at(d->abbrev.bytes, d->abbrev.n, u->abbrev_offset);
	struct abbrevs *t = mem_alloc(sizeof(*t));
	struct coded {
		uint64_t code;
		struct abbrev abbrev;
	} *read = NULL;
	uint64_t highest = 0;
	size_t n = 0, cap = 0;

	/* Tables that begin within others are garbage, too. */
	while (d->n_abbrevs + n < d->abbrev.n &&
	       d->n_attributes + t->n_attributes < 4 * d->abbrev.n) {
		array_reserve(read, cap, n + 1);
		if (!read_abbrev(u, &c, t, &read[n].abbrev, &read[n].code))
			break;
		highest = MAX(highest, read[n].code);
		n++;
	}
	d->n_abbrevs += n;
	d->n_attributes += t->n_attributes;
	if (highest <= 4 * (uint64_t)n + 64) {
		t->n = highest + 1;
		t->all = mem_array(t->n, sizeof(*t->all));
		for (size_t i = 0; i < n; i++)
			t->all[read[i].code] = read[i].abbrev;
	}
	free(read);
	return t;
}

static struct abbrevs *abbrevs_of(struct unit *u)
{
	uint64_t key = u->abbrev_offset << 8 | u->address_size << 4 | (u->offset_size & 8) |
		       (u->version == 2);
	uint64_t table;

	if (u->abbrevs)
		return u->abbrevs;
	if (!map64_find(&u->dwarf->abbrevs, key, &table)) {
		table = (uintptr_t)read_abbrevs(u);
		map64_set(&u->dwarf->abbrevs, key, table);
	}
	return u->abbrevs = (void *)(uintptr_t)table;
}

const struct abbrev *unit_abbrev(struct unit *u, struct cursor *c)
{
	const struct abbrevs *t = u->abbrevs ? u->abbrevs : abbrevs_of(u);
	uint64_t code = take_uleb(c);

	if (code && code < t->n && t->all[code].tag)
		return &t->all[code];
	if (code) {
		c->at = c->end;
		c->bad = true;
	}
	return NULL;
}
