/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What attributes lead to: lists of ranges, and the names of functions. */
#include "symbolize/dwarf_reader.h"

#include "base/mem.h"

#include <dwarf.h>

/* -- ranges -- */

/* Counts a range that is read. */
static bool may_range(const struct unit *u)
{
	return u->dwarf->n_ranges < MAX_ALL_RANGES && ++u->dwarf->n_ranges;
}

/* .debug_ranges, before DWARF 5. */
static void old_ranges(const struct unit *u, uint64_t offset, range_visit *visit, void *ctx)
{
	const struct unit *holder = u->skeleton ? u->skeleton : u;
	const struct elf_section *s = &holder->dwarf->ranges;
	struct cursor c =
		cursor_at(s->bytes, s->n, offset + (u->skeleton ? holder->ranges_base : 0));
	uint64_t base = holder->low_pc, all = u->address_size == 4 ? UINT32_MAX : UINT64_MAX;

	for (int i = 0; i < MAX_RANGES && !c.bad && may_range(u); i++) {
		uint64_t lo = take_n(&c, u->address_size), hi = take_n(&c, u->address_size);

		if (!lo && !hi)
			return;
		if (lo == all)
			base = hi;
		else if (lo < hi)
			visit(ctx, base + lo, base + hi);
	}
}

/* One entry of a list of .debug_rnglists. False at its end. */
static bool take_range(const struct unit *u, struct cursor *c, uint64_t *base, uint64_t *ret_lo,
		       uint64_t *ret_hi)
{
	*ret_lo = *ret_hi = 0;
	switch (take_u8(c)) {
	case DW_RLE_base_addressx:
		return unit_indexed_address(u, take_uleb(c), base);
	case DW_RLE_startx_endx:
		return unit_indexed_address(u, take_uleb(c), ret_lo) &&
		       unit_indexed_address(u, take_uleb(c), ret_hi);
	case DW_RLE_startx_length:
		if (!unit_indexed_address(u, take_uleb(c), ret_lo))
			return false;
		*ret_hi = *ret_lo + take_uleb(c);
		return true;
	case DW_RLE_offset_pair:
		*ret_lo = *base + take_uleb(c);
		*ret_hi = *base + take_uleb(c);
		return true;
	case DW_RLE_base_address:
		*base = take_n(c, u->address_size);
		return true;
	case DW_RLE_start_end:
		*ret_lo = take_n(c, u->address_size);
		*ret_hi = take_n(c, u->address_size);
		return true;
	case DW_RLE_start_length:
		*ret_lo = take_n(c, u->address_size);
		*ret_hi = *ret_lo + take_uleb(c);
		return true;
	default:
		return false;
	}
}

static void new_ranges(const struct unit *u, uint64_t offset, range_visit *visit, void *ctx)
{
	const struct elf_section *s = &u->dwarf->rnglists;
	struct cursor c = cursor_at(s->bytes, s->n, offset);
	uint64_t base = u->skeleton ? u->skeleton->low_pc : u->low_pc, lo, hi;

	for (int i = 0;
	     i < MAX_RANGES && may_range(u) && take_range(u, &c, &base, &lo, &hi) && !c.bad; i++)
		if (lo < hi)
			visit(ctx, lo, hi);
}

void unit_ranges(const struct unit *u, const struct value *v, range_visit *visit, void *ctx)
{
	const struct elf_section *s = &u->dwarf->rnglists;
	uint64_t base = u->rnglists_base;
	struct cursor c;

	if (u->version < 5) {
		old_ranges(u, v->number, visit, ctx);
		return;
	}
	if (v->form != DW_FORM_rnglistx) {
		new_ranges(u, v->number, visit, ctx);
		return;
	}
	if (!base && u->skeleton)
		base = u->offset_size == 8 ? 20 : 12;
	if (v->number > s->n)
		return;
	c = cursor_at(s->bytes, s->n, base + v->number * u->offset_size);
	new_ranges(u, base + take_n(&c, u->offset_size), visit, ctx);
}

/* -- names of functions -- */

/* What one DIE says: its name, its first line, and the DIE it stands for. */
static const uint8_t *read_origin(struct unit *u, const uint8_t *die, struct text *name,
				  struct text *linkage, uint32_t *line, struct unit **ret)
{
	struct cursor c = {die, u->end, false};
	const struct abbrev *a = unit_abbrev(u, &c);
	struct value refers = {0};

	for (uint32_t i = 0; a && i < a->n; i++) {
		const struct attribute *at = &u->abbrevs->attributes[a->first + i];
		struct value v = {0};

		read_value(u, &c, at, &v);
		switch (at->name) {
		case DW_AT_name:
			*name = name->at ? *name : unit_text(u, &v);
			break;
		case DW_AT_linkage_name:
		case DW_AT_MIPS_linkage_name:
			*linkage = unit_text(u, &v);
			break;
		case DW_AT_decl_line:
			*line = *line ? *line : (uint32_t)MIN(v.number, UINT32_MAX);
			break;
		case DW_AT_abstract_origin:
		case DW_AT_specification:
			refers = v;
			break;
		default:
			break;
		}
	}
	return refers.form ? unit_refers(u, &refers, ret) : NULL;
}

const struct origin *unit_origin(struct unit *u, const uint8_t *die)
{
	struct dwarf *d = u->dwarf;
	uint64_t offset = (uint64_t)(die - (uint8_t *)d->info.bytes), known;
	struct text linkage = {0}, name = {0};
	struct origin o = {0};

	if (map64_find(&d->origin_at, offset, &known))
		return &d->origins[known];
	for (int i = 0; die && i < MAX_REFERENCES && !linkage.at; i++)
		die = read_origin(u, die, &name, &linkage, &o.line, &u);
	o.name = linkage.at ? linkage : name;
	array_reserve(d->origins, d->cap_origins, d->n_origins + 1);
	map64_set(&d->origin_at, offset, d->n_origins);
	d->origins[d->n_origins] = o;
	return &d->origins[d->n_origins++];
}
