/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The resolver of code that is mapped from files. */
#include "base/mem.h"
#include "base/sort.h"
#include "symbolize/resolver.h"
#include "symbolize/symbols.h"

#include <string.h>

static void free_symbols(void *symbols)
{
	symbols_free(symbols);
}

static void file_answer(struct symbols *s, uint64_t address, struct query *q)
{
	struct place places[MAX_PLACES];
	uint64_t start;

	q->by = symbols_find(s, address, places, &q->n);
	if (q->n)
		q->places = mem_dup(places, q->n * sizeof(*places));
	else if (symbols_start(s, address, &start) && start <= address)
		q->start = q->offset - (address - start);
}

static void file_resolve(struct image *image, const struct resolving *with, struct query **queries,
			 size_t n)
{
	auto_free uint64_t *addresses = mem_array(n + 1, sizeof(*addresses));
	auto_free uint64_t *sorted = NULL;
	auto_free struct query **valid = mem_array(n + 1, sizeof(*valid));
	size_t n_valid = 0;

	if (!image->elf || image->kind == IMAGE_KERNEL)
		return;
	if (!image->symbols) {
		image->symbols = symbols_new(image, with->cache);
		image->free_symbols = free_symbols;
	}
	for (size_t i = 0; i < n; i++) {
		if (!elf_file_address(image->elf, queries[i]->offset, &addresses[n_valid]))
			continue;
		valid[n_valid++] = queries[i];
	}
	/* Segments need not lie in the file as they lie in memory. */
	sorted = mem_array(n_valid + 1, sizeof(*sorted));
	memcpy(sorted, addresses, n_valid * sizeof(*sorted));
	qsort(sorted, n_valid, sizeof(*sorted), compare_u64);
	symbols_prepare(image->symbols, sorted, n_valid, false);
	for (size_t i = 0; i < n_valid; i++)
		file_answer(image->symbols, addresses[i], valid[i]);
}

const struct resolver resolver_file = {"file", "debug information and symbol tables", file_resolve};
