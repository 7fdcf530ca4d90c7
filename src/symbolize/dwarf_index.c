/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which units and functions are read for which addresses. */
#include "symbolize/dwarf_reader.h"

#include "base/mem.h"

static void list_functions(struct unit *u, enum list_depth depth)
{
	struct unit *body = u->split ? u->split : u;

	unit_list(body, depth);
	intervals_release(&body->by_address);
	for (size_t f = 0; f < body->n_functions; f++)
		for (uint32_t r = 0; r < body->functions[f].n_ranges; r++) {
			const struct range *is =
				&body->function_ranges[body->functions[f].first_range + r];

			intervals_add(&body->by_address, is->lo, is->hi, (uint32_t)f);
		}
	intervals_sort(&body->by_address);
}

static bool prepare(struct unit *u)
{
	unit_root(u);
	if (u->bad)
		return false;
	unit_find_split(u);
	return true;
}

/* -- everything -- */

void dwarf_all(struct dwarf *d, struct names_builder *b)
{
	d->n_ranges = 0;
	for (size_t i = 0; i < d->n_units; i++) {
		struct unit *u = &d->units[i], *body;

		if (!prepare(u))
			continue;
		body = u->split ? u->split : u;
		if (u->has_lines)
			unit_lines(u, b, (uint32_t)i);
		unit_list(body, LIST_CONCRETE);
		/* The list grows by the functions that are found within others. */
		for (size_t f = 0; f < body->n_functions; f++)
			unit_tell(body, f, b, (uint32_t)i, true);
		files_free(steal(u->files));
		free(steal(body->functions));
		free(steal(body->function_ranges));
		body->n_functions = body->cap_functions = body->n_ranges = body->cap_ranges = 0;
		body->level = LIST_NONE;
		map64_release(&body->listed);
	}
	map64_release(&d->lines_run);
}

/* -- some -- */

/* Ranges of one unit in .debug_aranges. */
static void read_set(struct dwarf *d, struct cursor *c)
{
	const uint8_t *start = c->at;
	uint64_t length, offset;
	unsigned size, rest;
	uint8_t offset_size;
	struct unit *u;
	struct cursor s;

	if (!take_length(c, &length, &offset_size)) {
		c->at = c->end;
		return;
	}
	s = (struct cursor){c->at, c->at + length, false};
	c->at = s.end;
	take_u16(&s); /* version */
	offset = take_n(&s, offset_size);
	size = take_u8(&s);
	take_u8(&s); /* segment selectors */
	u = dwarf_unit_of(d, offset);
	if (!u || (size != 8 && size != 4))
		return;
	rest = (unsigned)((size_t)(s.at - start) % (2 * size));
	skip(&s, rest ? 2 * size - rest : 0);
	while (!s.bad && s.at < s.end) {
		uint64_t lo = take_n(&s, size), n = take_n(&s, size);

		if (!lo && !n)
			break;
		if (!lo || !n || lo + n < lo)
			continue;
		intervals_add(&d->unit_ranges, lo, lo + n, (uint32_t)(u - d->units));
		u->has_set = true;
	}
}

struct unit_range_ctx {
	struct dwarf *d;
	uint32_t unit;
};

static void add_unit_range(void *ctx, uint64_t lo, uint64_t hi)
{
	const struct unit_range_ctx *c = ctx;

	if (lo)
		intervals_add(&c->d->unit_ranges, lo, hi, c->unit);
}

/* Of a unit that .debug_aranges does not tell of: what its own DIE says, else its functions. */
static void add_unit_ranges(struct dwarf *d, size_t i)
{
	struct unit_range_ctx ctx = {d, (uint32_t)i};
	struct unit *u = &d->units[i], *body;

	if (u->has_ranges) {
		unit_ranges(u, &u->ranges, add_unit_range, &ctx);
	} else if (u->has_low_pc && u->high_pc > u->low_pc) {
		add_unit_range(&ctx, u->low_pc, u->high_pc);
	} else if (u->has_lines) {
		unit_find_split(u);
		body = u->split ? u->split : u;
		list_functions(u, LIST_TOP);
		for (size_t f = 0; f < body->by_address.n; f++)
			add_unit_range(&ctx, body->by_address.all[f].lo,
				       body->by_address.all[f].hi);
	}
}

static void find_unit_ranges(struct dwarf *d)
{
	struct elf_section s = sections_get(d->sections, ".debug_aranges");
	struct cursor c = cursor_at(s.bytes, s.n, 0);

	d->ranged = true;
	while (c.at < c.end)
		read_set(d, &c);
	for (size_t i = 0; i < d->n_units; i++) {
		if (d->units[i].has_set)
			continue;
		unit_root(&d->units[i]);
		if (!d->units[i].bad)
			add_unit_ranges(d, i);
	}
	intervals_sort(&d->unit_ranges);
}

/* Tells of the unit's functions at the address. Returns the end of the one that reaches furthest, 0
 * when there is none. */
static uint64_t tell_at(struct unit *u, uint64_t address, struct names_builder *b, uint32_t order)
{
	struct unit *body = u->split ? u->split : u;
	const struct interval *is;
	uint64_t reach = 0;

	for (size_t cursor = SIZE_MAX;
	     (is = intervals_next(&body->by_address, address, &cursor));) {
		names_cover(b, is->lo, is->hi);
		reach = MAX(reach, is->hi);
		if (!body->functions[is->id].told)
			unit_tell(body, is->id, b, order, false);
	}
	return reach;
}

static uint64_t tell_unit(struct dwarf *d, uint32_t i, uint64_t address, struct names_builder *b)
{
	struct unit *u = &d->units[i], *body;
	uint64_t reach;

	if (!prepare(u))
		return 0;
	body = u->split ? u->split : u;
	if (body->level == LIST_NONE)
		list_functions(u, LIST_TOP);
	if (u->touched_by != b) {
		u->touched_by = b;
		for (size_t f = 0; f < body->n_functions; f++)
			body->functions[f].told = false;
	}
	reach = tell_at(u, address, b, i);
	if (!reach && body->level == LIST_TOP) {
		/* Functions of classes within functions lie in the bodies that were skipped. */
		list_functions(u, LIST_ALL);
		reach = tell_at(u, address, b, i);
	}
	return reach;
}

void dwarf_some(struct dwarf *d, const uint64_t *addresses, size_t n, struct names_builder *b)
{
	uint64_t reach = 0;

	d->n_ranges = 0;
	if (!d->ranged)
		find_unit_ranges(d);
	for (size_t i = 0; i < n; i++) {
		const struct interval *is;

		if (addresses[i] < reach)
			continue; /* within a function that is told already */
		reach = 0;
		for (size_t cursor = SIZE_MAX;
		     (is = intervals_next(&d->unit_ranges, addresses[i], &cursor));)
			reach = MAX(reach, tell_unit(d, is->id, addresses[i], b));
		names_cover(b, addresses[i], addresses[i] + 1);
	}
	names_covers_sort(b);
	for (size_t i = 0; i < d->n_units; i++) {
		if (d->units[i].touched_by && d->units[i].has_lines)
			unit_lines(&d->units[i], b, (uint32_t)i);
		files_free(steal(d->units[i].files));
		d->units[i].touched_by = NULL;
	}
	map64_release(&d->lines_run);
}

struct dwarf *dwarf_new(struct sections *s, const struct dwarf_source *source)
{
	struct dwarf *d;

	if (!sections_has(s, ".debug_info"))
		return NULL;
	d = dwarf_open(s, source, false);
	d->find_alt = dwarf_alt;
	if (d->n_units)
		return d;
	dwarf_free(d);
	return NULL;
}
