/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Code that no table knows, by the code itself. */
#include "elf/regions.h"

#include "base/mem.h"
#include "base/sort.h"
#include "elf/boundaries.h"
#include "elf/plt.h"

#include <stdatomic.h>
#include <string.h>

enum {
	PIECE_BYTES = 1 << 20,
	MAX_FAILURES = 64,
	MAX_SYMBOLS = 1 << 20,
	MAX_SECTIONS = 1 << 10,
	MAX_ALL_BYTES = 64 << 20,
};

/* Of all files: of code, and of what was found. */
static atomic_size_t all_bytes, kept_bytes;

struct span {
	uint64_t from, to;
};

struct piece {
	struct span is;
	struct boundaries boundaries;
};

struct regions {
	const struct elf_file *elf;
	struct insn_reader *reader; /* these are made when they are needed */
	uint64_t *symbols;          /* by address */
	size_t n_symbols, cap_symbols;
	struct span *sections;
	size_t n_sections, cap_sections;
	struct piece *pieces; /* by address, apart from each other */
	size_t n, cap;
	uint64_t bytes;    /* of code that was read */
	unsigned n_failed; /* addresses, in no piece that can be read */
};

struct regions *regions_new(const struct elf_file *elf)
{
	struct regions *r = mem_alloc(sizeof(*r));

	r->elf = elf;
	return r;
}

static size_t bytes_of(const struct piece *p)
{
	return p->boundaries.cap * sizeof(*p->boundaries.starts);
}

void regions_free(struct regions *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++) {
		kept_bytes -= bytes_of(&r->pieces[i]);
		boundaries_release(&r->pieces[i].boundaries);
	}
	all_bytes -= r->bytes;
	free(r->pieces);
	free(r->symbols);
	free(r->sections);
	insn_reader_free(r->reader);
	free(r);
}

/* -- what the file says of its code -- */

static void add_section(void *regions, const char *name, uint64_t address, uint64_t size)
{
	struct regions *r = regions;

	(void)name;
	if (r->n_sections == MAX_SECTIONS || address + size < address)
		return;
	array_reserve(r->sections, r->cap_sections, r->n_sections + 1);
	r->sections[r->n_sections++] = (struct span){address, address + size};
}

static void regions_add_symbol(void *regions, const struct elf_symbol *symbol)
{
	struct regions *r = regions;

	if (r->n_symbols == MAX_SYMBOLS)
		return;
	array_reserve(r->symbols, r->cap_symbols, r->n_symbols + 1);
	r->symbols[r->n_symbols++] = symbol->address;
}

static void look_at_file(struct regions *r)
{
	if (r->reader)
		return;
	r->reader = insn_reader_new();
	elf_file_code_sections(r->elf, add_section, r);
	elf_file_symbols(r->elf, regions_add_symbol, r);
	if (r->n_symbols)
		qsort(r->symbols, r->n_symbols, sizeof(*r->symbols), compare_u64);
}

/* -- pieces of code in no function -- */

/* Where a piece is to begin and end that holds the address; `before` is how many lie before it. */
static bool place_piece(const struct regions *r, uint64_t address, size_t before, struct span *ret)
{
	elf_file_code_range(r->elf, &ret->from, &ret->to);
	if (address < ret->from || address >= ret->to)
		return false;
	for (size_t i = 0; i < r->n_sections; i++) {
		const struct span *s = &r->sections[i];

		if (address < s->from || address >= s->to)
			continue;
		ret->from = MAX(ret->from, s->from);
		ret->to = MIN(ret->to, s->to);
	}
	function_gap(r->elf, address, &ret->from, &ret->to);
	if (address < ret->from || address >= ret->to)
		return false;
	ret->from = address - (address - ret->from) % PIECE_BYTES;
	ret->to = MIN(ret->to, ret->from + PIECE_BYTES);
	if (before)
		ret->from = MAX(ret->from, r->pieces[before - 1].is.to);
	if (before < r->n)
		ret->to = MIN(ret->to, r->pieces[before].is.from);
	return true;
}

/* Reads one, and puts it in its place. NULL: none can be read. */
static struct piece *read_piece(struct regions *r, uint64_t address, size_t before)
{
	auto_free uint8_t *code = NULL;
	struct piece p = {0};
	uint64_t n, entry = elf_file_entry(r->elf);

	if (r->n == MAX_REGION_PIECES || r->bytes > MAX_REGION_BYTES || all_bytes > MAX_ALL_BYTES ||
	    kept_bytes > MAX_ALL_BYTES || r->n_failed == MAX_FAILURES)
		return NULL;
	r->n_failed++;
	look_at_file(r);
	if (!r->reader || !place_piece(r, address, before, &p.is))
		return NULL;
	n = p.is.to - p.is.from;
	code = mem_alloc(n);
	if (!elf_file_read(r->elf, p.is.from, code, n))
		return NULL;
	r->n_failed--;
	r->bytes += n;
	all_bytes += n;
	for (size_t i = count_before(r->n_symbols, k, r->symbols[k] < p.is.from);
	     i < r->n_symbols && r->symbols[i] < p.is.to; i++)
		boundaries_add(&p.boundaries, r->symbols[i]);
	if (entry >= p.is.from && entry < p.is.to)
		boundaries_add(&p.boundaries, entry);
	boundaries_find(&p.boundaries, r->reader, code, n, p.is.from);
	kept_bytes += bytes_of(&p);
	array_reserve(r->pieces, r->cap, r->n + 1);
	memmove(&r->pieces[before + 1], &r->pieces[before], (r->n - before) * sizeof(p));
	r->pieces[before] = p;
	r->n++;
	return &r->pieces[before];
}

bool regions_find(struct regions *r, uint64_t address, uint64_t *ret_start, uint64_t *ret_end)
{
	size_t before = count_before(r->n, i, r->pieces[i].is.to <= address);
	struct piece *p = before < r->n && r->pieces[before].is.from <= address
				  ? &r->pieces[before]
				  : read_piece(r, address, before);

	if (!p)
		return false;
	*ret_start = boundaries_before(&p->boundaries, address);
	*ret_end = MIN(p->is.to, boundaries_behind(&p->boundaries, address));
	return true;
}
