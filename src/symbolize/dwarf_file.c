/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file's debug information, from its opening to its end. */
#include "symbolize/dwarf_reader.h"

#include "base/mem.h"

struct dwarf *dwarf_open(struct sections *s, const struct dwarf_source *source, bool dwo)
{
	struct dwarf *d = mem_alloc(sizeof(*d));

	d->sections = s;
	d->source = *source;
	d->info = sections_get(s, dwo ? ".debug_info.dwo" : ".debug_info");
	d->abbrev = sections_get(s, dwo ? ".debug_abbrev.dwo" : ".debug_abbrev");
	d->str = sections_get(s, dwo ? ".debug_str.dwo" : ".debug_str");
	d->str_offsets = sections_get(s, dwo ? ".debug_str_offsets.dwo" : ".debug_str_offsets");
	d->rnglists = sections_get(s, dwo ? ".debug_rnglists.dwo" : ".debug_rnglists");
	d->line_str = sections_get(s, ".debug_line_str");
	d->line = sections_get(s, ".debug_line");
	d->addr = sections_get(s, ".debug_addr");
	d->ranges = sections_get(s, ".debug_ranges");
	dwarf_read_units(d);
	return d;
}

static void abbrevs_free(struct abbrevs *a)
{
	free(a->all);
	free(a->attributes);
	free(a);
}

void dwarf_free(struct dwarf *d)
{
	uint64_t key, table;

	if (!d)
		return;
	for (size_t cursor = 0; map64_next(&d->abbrevs, &cursor, &key, &table);)
		abbrevs_free((void *)(uintptr_t)table);
	for (size_t i = 0; i < d->n_units; i++) {
		files_free(d->units[i].files);
		free(d->units[i].functions);
		free(d->units[i].function_ranges);
		intervals_release(&d->units[i].by_address);
		map64_release(&d->units[i].listed);
	}
	for (size_t i = 0; i < d->n_splits; i++)
		dwarf_free(d->splits[i]);
	dwarf_free(d->package);
	dwarf_free(d->alt);
	map64_release(&d->abbrevs);
	map64_release(&d->origin_at);
	map64_release(&d->lines_run);
	free(d->splits);
	free(d->origins);
	intervals_release(&d->unit_ranges);
	free(d->units);
	sections_free(d->own);
	free(d);
}
