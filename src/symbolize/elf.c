/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The resolver of ELF symbol tables: the file's own, or its separate debug file's. */
#include "base/mem.h"
#include "maps/debugfile.h"
#include "symbolize/resolver.h"
#include "symbolize/symtab.h"

#include <string.h>

static void add_symbol(void *ctx, const struct elf_symbol *s)
{
	size_t len = strcspn(s->name, "@"); /* without the symbol's version */
	auto_free char *name = len && s->name[len] ? strndup(s->name, len) : NULL;
	struct symtab_entry e = {
		.address = s->address, .reach = s->reach, .name = name ? name : s->name};
	size_t underscores = strspn(s->name, "_");

	/* The winner among aliases: sized, a function, few underscores, global, then weak. */
	e.merit = (s->size ? 64u : 0) + (s->is_function ? 32u : 0) +
		  4 * (7 - (uint32_t)MIN(underscores, (size_t)7)) +
		  (s->is_global ? 2
		   : s->is_weak ? 1
				: 0);
	symtab_add(ctx, &e);
}

static void free_table(void *table)
{
	symtab_free(table);
}

static struct symtab *table_get(struct image *image)
{
	struct elf_file *debug = NULL;

	if (image->symbols)
		return image->symbols;
	image->symbols = symtab_new();
	image->free_symbols = free_table;
	if (!elf_file_has_symtab(image->elf))
		debug = debugfile_open(image);
	elf_file_symbols(debug ? debug : image->elf, add_symbol, image->symbols);
	elf_file_free(debug);
	symtab_finish(image->symbols);
	return image->symbols;
}

static void resolve(struct image *image, struct query **queries, size_t n)
{
	struct symtab *table;

	if (!image->elf || image->kind == IMAGE_KERNEL)
		return;
	table = table_get(image);
	for (size_t i = 0; i < n; i++) {
		struct symtab_hit hit;
		uint64_t address;

		if (!elf_file_address(image->elf, queries[i]->offset, &address) ||
		    !symtab_find(table, address, &hit))
			continue;
		queries[i]->name = mem_strdup(hit.name);
	}
}

const struct resolver resolver_elf = {"elf", "ELF symbol tables", resolve};
