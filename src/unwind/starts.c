/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where functions begin. */
#include "unwind/starts.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/sort.h"

#include <stdlib.h>

enum { MAX_STARTS_BYTES = 8 << 20, MAX_STARTS = 1 << 21 };

struct function_range {
	uint64_t lo, hi;
	uint64_t before; /* how far those reach that begin before it */
};

/* Of one file, by address. */
struct file_starts {
	struct function_range *all;
	size_t n, cap;
};

struct starts {
	struct map64 by_file; /* -> index in `files` */
	struct file_starts *files;
	size_t n_files, cap_files, n_all;
};

struct starts *starts_new(void)
{
	return mem_alloc(sizeof(struct starts));
}

static void starts_forget(struct starts *s)
{
	for (size_t i = 0; i < s->n_files; i++)
		free(s->files[i].all);
	map64_release(&s->by_file);
	s->n_files = s->n_all = 0;
}

void starts_free(struct starts *s)
{
	if (!s)
		return;
	starts_forget(s);
	free(s->files);
	free(s);
}

static void add_start(void *file, const struct elf_symbol *symbol)
{
	struct file_starts *f = file;

	if (!symbol->is_function || !symbol->size || symbol->size > UINT64_MAX - symbol->address)
		return;
	array_reserve(f->all, f->cap, f->n + 1);
	f->all[f->n++] =
		(struct function_range){symbol->address, symbol->address + symbol->size, 0};
}

static int range_order(const void *a, const void *b)
{
	const struct function_range *x = a, *y = b;

	if (x->lo != y->lo)
		return x->lo < y->lo ? -1 : 1;
	return x->hi < y->hi ? -1 : x->hi > y->hi;
}

/* Sorts the ranges; of those that begin at one place the longest is kept. */
static void finish_starts(struct file_starts *f)
{
	uint64_t before = 0;
	size_t kept = 0;

	if (f->n)
		qsort(f->all, f->n, sizeof(*f->all), range_order);
	for (size_t i = 0; i < f->n; i++) {
		struct function_range *r = &f->all[i];

		if (i + 1 < f->n && f->all[i + 1].lo == r->lo)
			continue;
		r->before = before;
		before = MAX(before, r->hi);
		f->all[kept++] = *r;
	}
	f->n = kept;
}

static const struct file_starts *starts_of(struct starts *s, const struct elf_file *elf)
{
	uint64_t index;
	struct file_starts *f;

	if (map64_find(&s->by_file, (uintptr_t)elf, &index))
		return &s->files[index];
	if (s->n_all > MAX_STARTS)
		starts_forget(s);
	array_reserve(s->files, s->cap_files, s->n_files + 1);
	f = &s->files[s->n_files];
	*f = (struct file_starts){0};
	map64_set(&s->by_file, (uintptr_t)elf, s->n_files++);
	if (elf_file_symbol_bytes(elf) > MAX_STARTS_BYTES)
		return f;
	elf_file_symbols(elf, add_start, f);
	finish_starts(f);
	s->n_all += f->n;
	return f;
}

/* The last function that begins at the address or before it; NULL: there is none. */
static const struct function_range *last_start(struct starts *s, const struct elf_file *elf,
					       uint64_t address)
{
	const struct file_starts *f = starts_of(s, elf);
	size_t n = count_before(f->n, i, f->all[i].lo <= address);

	return n ? &f->all[n - 1] : NULL;
}

bool starts_has(struct starts *s, const struct elf_file *elf, uint64_t address)
{
	const struct function_range *f = last_start(s, elf, address);

	return f && f->lo == address && f->before <= address;
}

bool starts_in_one(struct starts *s, const struct elf_file *elf, uint64_t a, uint64_t b)
{
	const struct function_range *f = last_start(s, elf, a), *g = last_start(s, elf, b);

	return f && f == g && a < f->hi && b < f->hi;
}
