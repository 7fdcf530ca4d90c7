/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Units of debug information: headers, abbreviations, attributes, references. */
#include "symbolize/dwarf_reader.h"

#include "base/mem.h"
#include "base/sort.h"

#include <dwarf.h>

/* -- units -- */

/* One unit's header; the cursor is left behind the unit. False at the end and for garbage. */
static bool read_header(struct dwarf *d, struct cursor *c, struct unit *ret)
{
	uint64_t length;
	struct cursor h;

	*ret = (struct unit){.dwarf = d, .offset = (uint64_t)(c->at - (uint8_t *)d->info.bytes)};
	if (!take_length(c, &length, &ret->offset_size))
		return false;
	ret->end = c->at + length;
	h = (struct cursor){c->at, ret->end, false};
	c->at = ret->end;
	ret->version = take_u16(&h);
	ret->type = DW_UT_compile;
	if (ret->version >= 5) {
		ret->type = take_u8(&h);
		ret->address_size = take_u8(&h);
	}
	ret->abbrev_offset = take_n(&h, ret->offset_size);
	if (ret->version < 5)
		ret->address_size = take_u8(&h);
	if (ret->version >= 5 && (ret->type == DW_UT_skeleton || ret->type == DW_UT_split_compile))
		ret->dwo_id = take_u64(&h);
	ret->dies = h.at;
	ret->bad = h.bad || ret->version < 2 || ret->version > 5 || ret->type == DW_UT_type ||
		   ret->type == DW_UT_split_type ||
		   (ret->address_size != 8 && ret->address_size != 4);
	return true;
}

void dwarf_read_units(struct dwarf *d)
{
	struct cursor c = cursor_at(d->info.bytes, d->info.n, 0);
	struct unit u;

	while (c.at < c.end && read_header(d, &c, &u)) {
		if (u.bad)
			continue;
		array_reserve(d->units, d->cap_units, d->n_units + 1);
		d->units[d->n_units++] = u;
	}
}

uint64_t dwarf_bytes(const struct dwarf *d)
{
	return d->info.n;
}

/* The last unit that does not begin behind the offset. */
static struct unit *unit_before(struct dwarf *d, uint64_t offset)
{
	size_t n = count_before(d->n_units, i, d->units[i].offset <= offset);

	return n ? &d->units[n - 1] : NULL;
}

struct unit *dwarf_unit_of(struct dwarf *d, uint64_t offset)
{
	struct unit *u = unit_before(d, offset);

	return u && u->offset == offset ? u : NULL;
}

struct unit *dwarf_unit_at(struct dwarf *d, uint64_t offset)
{
	struct unit *u = unit_before(d, offset);

	if (!u || offset >= d->info.n)
		return NULL;
	unit_root(u);
	return u->bad || (uint8_t *)d->info.bytes + offset < u->dies ||
			       (uint8_t *)d->info.bytes + offset >= u->end
		       ? NULL
		       : u;
}

/* -- abbreviations -- */

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

/* The abbreviation of the DIE at the cursor; NULL for the end of a list of siblings and, with the
 * cursor at its end, for garbage. */
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

/* -- attributes -- */

static uint64_t take_varying(struct cursor *c, uint16_t form, struct value *ret)
{
	switch (form) {
	case DW_FORM_udata:
	case DW_FORM_ref_udata:
	case DW_FORM_strx:
	case DW_FORM_addrx:
	case DW_FORM_loclistx:
	case DW_FORM_rnglistx:
	case DW_FORM_GNU_str_index:
	case DW_FORM_GNU_addr_index:
		return take_uleb(c);
	case DW_FORM_sdata:
		return (uint64_t)take_sleb(c);
	case DW_FORM_string:
		ret->text = take_text(c);
		return 0;
	case DW_FORM_block1:
		skip(c, take_u8(c));
		return 0;
	case DW_FORM_block2:
		skip(c, take_u16(c));
		return 0;
	case DW_FORM_block4:
		skip(c, take_u32(c));
		return 0;
	case DW_FORM_block:
	case DW_FORM_exprloc:
		skip(c, take_uleb(c));
		return 0;
	default: /* unknown: what follows cannot be read */
		c->at = c->end;
		c->bad = true;
		return 0;
	}
}

void read_value(const struct unit *u, struct cursor *c, const struct attribute *a,
		struct value *ret)
{
	unsigned bytes = a->skip;

	ret->form = a->form;
	if (a->form == DW_FORM_indirect) {
		uint64_t form = take_uleb(c);

		ret->form = form > 0xffff || form == DW_FORM_indirect ? 0 : (uint16_t)form;
		bytes = form_bytes(u, ret->form);
	}
	if (ret->form == DW_FORM_implicit_const)
		ret->number = (uint64_t)a->implicit;
	else if (ret->form == DW_FORM_flag_present)
		ret->number = 1;
	else if (bytes == 16)
		skip(c, bytes);
	else if (bytes != VARIES)
		ret->number = take_n(c, bytes);
	else
		ret->number = take_varying(c, ret->form, ret);
}

void skip_attributes(const struct unit *u, struct cursor *c, const struct abbrev *a,
		     struct value *sibling)
{
	struct value ignored;

	for (size_t i = 0; i < a->n_skip; i++) {
		const struct attribute *at = &u->abbrevs->attributes[a->first_skip + i];

		if (sibling && at->name == DW_AT_sibling)
			read_value(u, c, at, sibling);
		else if (at->name == 0 || at->skip != VARIES)
			skip(c, at->skip);
		else
			read_value(u, c, at, &ignored);
	}
}

static struct text dwarf_unit_text_at(const struct elf_section *s, uint64_t offset)
{
	struct cursor c = cursor_at(s->bytes, s->n, offset);

	return c.bad ? (struct text){0} : take_text(&c);
}

static struct text indexed_text(const struct unit *u, uint64_t index)
{
	const struct dwarf *d = u->dwarf;
	struct cursor c;

	if (index > d->str_offsets.n)
		return (struct text){0};
	c = cursor_at(d->str_offsets.bytes, d->str_offsets.n,
		      u->str_offsets_base + index * u->offset_size);
	return dwarf_unit_text_at(&d->str, take_n(&c, u->offset_size));
}

static struct dwarf *alt_of(struct dwarf *d)
{
	return d->find_alt ? d->find_alt(d) : d->alt;
}

struct text unit_text(const struct unit *u, const struct value *v)
{
	const struct dwarf *alt;

	switch (v->form) {
	case DW_FORM_string:
		return v->text;
	case DW_FORM_strp:
		return dwarf_unit_text_at(&u->dwarf->str, v->number);
	case DW_FORM_line_strp:
		return dwarf_unit_text_at(&u->dwarf->line_str, v->number);
	case DW_FORM_strp_sup:
	case DW_FORM_GNU_strp_alt:
		alt = alt_of(u->dwarf);
		return alt ? dwarf_unit_text_at(&alt->str, v->number) : (struct text){0};
	case DW_FORM_strx:
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4:
	case DW_FORM_GNU_str_index:
		return indexed_text(u, v->number);
	default:
		return (struct text){0};
	}
}

bool is_address_form(uint16_t form)
{
	return form == DW_FORM_addr || form == DW_FORM_addrx || form == DW_FORM_GNU_addr_index ||
	       (form >= DW_FORM_addrx1 && form <= DW_FORM_addrx4);
}

/* Addresses of split units lie in the file of their skeleton. */
bool unit_indexed_address(const struct unit *u, uint64_t index, uint64_t *ret)
{
	const struct unit *holder = u->skeleton ? u->skeleton : u;
	const struct elf_section *addr = &holder->dwarf->addr;
	struct cursor c;

	if (index > addr->n)
		return false;
	c = cursor_at(addr->bytes, addr->n, holder->addr_base + index * u->address_size);
	*ret = take_n(&c, u->address_size);
	return !c.bad;
}

bool unit_address(const struct unit *u, const struct value *v, uint64_t *ret)
{
	if (v->form == DW_FORM_addr) {
		*ret = v->number;
		return true;
	}
	return is_address_form(v->form) && unit_indexed_address(u, v->number, ret);
}

const uint8_t *unit_refers(struct unit *u, const struct value *v, struct unit **ret)
{
	struct dwarf *d = u->dwarf;

	switch (v->form) {
	case DW_FORM_ref1:
	case DW_FORM_ref2:
	case DW_FORM_ref4:
	case DW_FORM_ref8:
	case DW_FORM_ref_udata:
		*ret = u;
		if (v->number >= (uint64_t)(u->end - (uint8_t *)d->info.bytes) - u->offset ||
		    v->number < (uint64_t)(u->dies - (uint8_t *)d->info.bytes) - u->offset)
			return NULL;
		return (uint8_t *)d->info.bytes + u->offset + v->number;
	case DW_FORM_ref_sup4:
	case DW_FORM_ref_sup8:
	case DW_FORM_GNU_ref_alt:
		d = alt_of(d);
		break;
	case DW_FORM_ref_addr:
		break;
	default:
		return NULL;
	}
	*ret = d ? dwarf_unit_at(d, v->number) : NULL;
	return *ret ? (uint8_t *)d->info.bytes + v->number : NULL;
}

/* -- a unit's own DIE -- */

static void take_bases(struct unit *u, uint16_t name, const struct value *v)
{
	switch (name) {
	case DW_AT_str_offsets_base:
		u->str_offsets_base = v->number;
		break;
	case DW_AT_addr_base:
	case DW_AT_GNU_addr_base:
		u->addr_base = v->number;
		break;
	case DW_AT_rnglists_base:
		u->rnglists_base = v->number;
		break;
	case DW_AT_GNU_ranges_base:
		u->ranges_base = v->number;
		break;
	case DW_AT_GNU_dwo_id:
		u->dwo_id = v->number;
		break;
	case DW_AT_stmt_list:
		u->lines = v->number;
		u->has_lines = true;
		break;
	case DW_AT_ranges:
		u->ranges = *v;
		u->has_ranges = true;
		break;
	default:
		break;
	}
}

void unit_root(struct unit *u)
{
	struct value low = {0}, high = {0}, name = {0}, directory = {0}, dwo = {0};
	struct cursor c = {u->dies, u->end, false};
	const struct abbrev *a;

	if (u->rooted || u->bad)
		return;
	u->rooted = true;
	a = unit_abbrev(u, &c);
	if (!a || a->kind != DIE_UNIT) {
		u->bad = true;
		return;
	}
	/* The offsets of a split unit begin behind the header of their section. */
	if (u->dwarf->main && u->version >= 5)
		u->str_offsets_base = u->offset_size == 8 ? 16 : 8;
	for (uint32_t i = 0; i < a->n; i++) {
		const struct attribute *at = &u->abbrevs->attributes[a->first + i];
		struct value v = {0};

		read_value(u, &c, at, &v);
		take_bases(u, at->name, &v);
		if (at->name == DW_AT_low_pc)
			low = v;
		else if (at->name == DW_AT_high_pc)
			high = v;
		else if (at->name == DW_AT_name)
			name = v;
		else if (at->name == DW_AT_comp_dir)
			directory = v;
		else if (at->name == DW_AT_dwo_name || at->name == DW_AT_GNU_dwo_name)
			dwo = v;
	}
	u->name = unit_text(u, &name);
	u->directory = unit_text(u, &directory);
	u->dwo_name = unit_text(u, &dwo);
	u->has_low_pc = unit_address(u, &low, &u->low_pc);
	if (high.form && !is_address_form(high.form))
		u->high_pc = u->low_pc + high.number;
	else if (!unit_address(u, &high, &u->high_pc))
		u->high_pc = 0;
}
