/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Units of debug information: headers, attributes, references. */
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
		bytes = unit_attribute(u, 0, ret->form).skip;
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
