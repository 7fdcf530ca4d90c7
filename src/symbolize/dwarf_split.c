/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other files that debug information refers to: dwz's alternate file, .dwo files, a .dwp. */
#include "symbolize/dwarf_reader.h"

#include "base/mem.h"
#include "base/str.h"

#include <dwarf.h>

enum { MAX_SPLITS = 512, MAX_PACKAGED = 1 << 20, MAX_COLUMNS = 16 };

/* -- the alternate file -- */

struct dwarf *dwarf_alt(struct dwarf *d)
{
	struct build_id id = {0};
	struct elf_section link;
	struct sections *s;
	struct cursor c;
	struct text name;
	char path[4096];

	if (d->main || d->alt_looked || !d->source.open)
		return d->alt;
	d->alt_looked = true;
	link = sections_get(d->sections, ".gnu_debugaltlink");
	c = cursor_at(link.bytes, link.n, 0);
	name = take_text(&c);
	if (!name.n || name.n >= sizeof(path) || (size_t)(c.end - c.at) > MAX_BUILD_ID)
		return NULL;
	memcpy(path, name.at, name.n);
	path[name.n] = '\0';
	id.len = (uint8_t)(c.end - c.at);
	memcpy(id.bytes, c.at, id.len);
	s = d->source.open(d->source.ctx, "", path, &id);
	if (!s)
		return NULL;
	/* It refers to nothing further. */
	d->alt = dwarf_open(s, &(struct dwarf_source){0}, false);
	d->alt->alt_looked = true;
	d->alt->own = s;
	return d->alt;
}

/* -- .dwo -- */

static struct unit *first_split(struct dwarf *split, const struct unit *skeleton)
{
	for (size_t i = 0; i < split->n_units; i++) {
		struct unit *u = &split->units[i];

		/* Before DWARF 5 the id is in the unit's own DIE. */
		unit_root(u);
		if (!u->bad && u->dwo_id == skeleton->dwo_id)
			return u;
	}
	return NULL;
}

static void join(struct unit *skeleton, struct unit *split)
{
	skeleton->split = split;
	split->skeleton = skeleton;
}

static void dwarf_split_copy_text(struct text t, char *to, size_t size)
{
	size_t n = MIN(t.n, size - 1);

	if (n)
		memcpy(to, t.at, n);
	to[n] = '\0';
}

static bool open_dwo(struct unit *u)
{
	struct dwarf *d = u->dwarf, *split;
	struct unit *found;
	struct sections *s;
	char directory[4096], path[4096];

	if (d->n_splits == MAX_SPLITS)
		return false;
	dwarf_split_copy_text(u->directory, directory, sizeof(directory));
	dwarf_split_copy_text(u->dwo_name, path, sizeof(path));
	s = d->source.open(d->source.ctx, directory, path, NULL);
	if (!s)
		return false;
	split = dwarf_open(s, &(struct dwarf_source){0}, true);
	split->own = s;
	split->main = d;
	array_reserve(d->splits, d->cap_splits, d->n_splits + 1);
	d->splits[d->n_splits++] = split;
	found = first_split(split, u);
	if (found)
		join(u, found);
	return found;
}

/* -- .dwp -- */

/* What the index of a package calls the sections. */
enum { SECTION_INFO = 1, SECTION_ABBREV = 3, SECTION_STR_OFFSETS = 6, SECTION_RNGLISTS = 8 };

struct package_index {
	uint32_t version, columns, units, slots;
	const uint8_t *ids, *rows, *kinds, *offsets, *sizes;
};

static bool read_index(struct dwarf *p, struct package_index *ret)
{
	struct elf_section s = sections_get(p->sections, ".debug_cu_index");
	struct cursor c = cursor_at(s.bytes, s.n, 0);

	ret->version = take_u32(&c) & 0xffff;
	ret->columns = take_u32(&c);
	ret->units = take_u32(&c);
	ret->slots = take_u32(&c);
	if (c.bad || ret->columns > MAX_COLUMNS || ret->units > MAX_PACKAGED ||
	    ret->slots > 2 * MAX_PACKAGED)
		return false;
	ret->ids = c.at;
	skip(&c, 8ull * ret->slots);
	ret->rows = c.at;
	skip(&c, 4ull * ret->slots);
	ret->kinds = c.at;
	skip(&c, 4ull * ret->columns);
	ret->offsets = c.at;
	skip(&c, 4ull * ret->columns * ret->units);
	ret->sizes = c.at;
	skip(&c, 4ull * ret->columns * ret->units);
	return !c.bad;
}

/* Narrows a section to the unit's part of it. */
static void narrow(struct elf_section *s, uint32_t offset, uint32_t bytes)
{
	if (offset > s->n || bytes > s->n - offset) {
		*s = (struct elf_section){0};
		return;
	}
	s->bytes = (const uint8_t *)s->bytes + offset;
	s->n = bytes;
}

/* The package as it looks to the unit of one row: only its own parts of the sections. */
static struct dwarf *package_unit(struct dwarf *p, const struct package_index *x, uint32_t row)
{
	struct dwarf *d = mem_alloc(sizeof(*d));

	d->sections = p->sections;
	d->main = p->main;
	d->info = p->info;
	d->abbrev = p->abbrev;
	d->str = p->str;
	d->str_offsets = p->str_offsets;
	d->rnglists = p->rnglists;
	for (uint32_t i = 0; i < x->columns; i++) {
		size_t at = (size_t)row * x->columns + i;
		uint32_t offset = u32_at(x->offsets, at), bytes = u32_at(x->sizes, at);

		switch (u32_at(x->kinds, i)) {
		case SECTION_INFO:
			narrow(&d->info, offset, bytes);
			break;
		case SECTION_ABBREV:
			narrow(&d->abbrev, offset, bytes);
			break;
		case SECTION_STR_OFFSETS:
			narrow(&d->str_offsets, offset, bytes);
			break;
		case SECTION_RNGLISTS:
			if (x->version >= 5)
				narrow(&d->rnglists, offset, bytes);
			break;
		default:
			break;
		}
	}
	dwarf_read_units(d);
	return d;
}

static void open_package(struct dwarf *d)
{
	struct sections *s;

	d->package_looked = true;
	s = d->source.open(d->source.ctx, "", "", NULL);
	if (!s)
		return;
	d->package = dwarf_open(s, &(struct dwarf_source){0}, true);
	d->package->own = s;
	d->package->main = d;
}

static bool find_packaged(struct unit *u)
{
	struct dwarf *d = u->dwarf, *one;
	struct package_index x = {0};
	struct unit *found;
	uint64_t id;
	uint32_t i, step;

	if (!d->package_looked)
		open_package(d);
	if (!d->package || !read_index(d->package, &x) || d->n_splits == MAX_SPLITS)
		return false;
	/* A hash table with a second hash for the step; the slots are a power of two. */
	if (!x.slots || x.slots & (x.slots - 1))
		return false;
	i = (uint32_t)u->dwo_id & (x.slots - 1);
	step = ((uint32_t)(u->dwo_id >> 32) & (x.slots - 1)) | 1;
	for (uint32_t tries = 0; tries < x.slots; tries++, i = (i + step) & (x.slots - 1)) {
		uint32_t row = u32_at(x.rows, i);

		memcpy(&id, x.ids + 8 * (size_t)i, sizeof(id));
		if (!row)
			return false;
		if (id != u->dwo_id || row > x.units)
			continue;
		one = package_unit(d->package, &x, row - 1);
		array_reserve(d->splits, d->cap_splits, d->n_splits + 1);
		d->splits[d->n_splits++] = one;
		found = first_split(one, u);
		if (found)
			join(u, found);
		return found;
	}
	return false;
}

bool dwarf_is_split(struct dwarf *d)
{
	/* All units are built alike. */
	unit_root(&d->units[0]);
	return d->units[0].dwo_name.n;
}

void unit_find_split(struct unit *u)
{
	if (u->split_looked || u->dwarf->main || !u->dwo_id || !u->dwo_name.n ||
	    !u->dwarf->source.open)
		return;
	u->split_looked = true;
	if (!find_packaged(u) && !open_dwo(u))
		u->dwarf->split_missing = true;
}

bool dwarf_is_partial(const struct dwarf *d)
{
	return d->split_missing;
}
