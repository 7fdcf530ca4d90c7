/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A symbol table to look addresses up in. */
#include "symbolize/symtab.h"

#include "base/mem.h"
#include "base/sort.h"
#include "base/str.h"

#include <string.h>

enum {
	MAX_SYMBOLS = 16 << 20,
	MAX_MODULES = 65535,
	MAX_NAME = 4096,
	MAX_NAMES_BYTES = 256 << 20, /* many symbols may share one long name in a hostile file */
};

struct symbol {
	uint64_t address;
	uint32_t reach;
	uint32_t name; /* in names */
	uint16_t module;
	uint16_t merit;
};

struct symtab {
	struct symbol *symbols;
	size_t n, cap;
	struct str names;
	char **modules; /* [0] is none */
	size_t n_modules, cap_modules;
	bool sorted; /* so far */
};

struct symtab *symtab_new(void)
{
	struct symtab *t = mem_alloc(sizeof(*t));

	t->sorted = true;
	array_reserve(t->modules, t->cap_modules, 1);
	t->modules[t->n_modules++] = NULL;
	return t;
}

void symtab_free(struct symtab *t)
{
	if (!t)
		return;
	for (size_t i = 1; i < t->n_modules; i++)
		free(t->modules[i]);
	free(t->modules);
	free(t->symbols);
	str_release(&t->names);
	free(t);
}

static uint16_t module_id(struct symtab *t, const char *module)
{
	if (!module)
		return 0;
	/* Symbols of a module come in a row. */
	if (t->n_modules > 1 && str_equal(t->modules[t->n_modules - 1], module))
		return (uint16_t)(t->n_modules - 1);
	if (t->n_modules > MAX_MODULES)
		return 0;
	array_reserve(t->modules, t->cap_modules, t->n_modules + 1);
	t->modules[t->n_modules] = mem_strdup(module);
	return (uint16_t)t->n_modules++;
}

void symtab_add(struct symtab *t, const struct symtab_entry *e)
{
	struct symbol s = {.address = e->address, .name = (uint32_t)t->names.len};

	if (t->n == MAX_SYMBOLS || t->names.len > MAX_NAMES_BYTES)
		return;
	s.reach = (uint32_t)MIN(e->reach, (uint64_t)UINT32_MAX);
	s.module = module_id(t, e->module);
	s.merit = (uint16_t)e->merit;
	str_add(&t->names, e->name, strnlen(e->name, MAX_NAME));
	str_putc(&t->names, '\0');
	array_reserve(t->symbols, t->cap, t->n + 1);
	t->sorted &= t->n == 0 || t->symbols[t->n - 1].address <= s.address;
	t->symbols[t->n++] = s;
}

static int better_first(const struct symbol *a, const struct symbol *b, const char *names)
{
	size_t la, lb;

	if (a->merit != b->merit)
		return a->merit < b->merit ? 1 : -1;
	la = strlen(names + a->name);
	lb = strlen(names + b->name);
	if (la != lb)
		return la < lb ? -1 : 1;
	return strcmp(names + a->name, names + b->name);
}

static int symtab_by_address(const void *x, const void *y, void *names)
{
	const struct symbol *a = x, *b = y;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return better_first(a, b, names);
}

void symtab_finish(struct symtab *t)
{
	size_t kept = 0;

	if (!t->sorted && t->n)
		qsort_r(t->symbols, t->n, sizeof(*t->symbols), symtab_by_address, t->names.text);
	for (size_t i = 0; i < t->n; i++) {
		struct symbol *last = kept ? &t->symbols[kept - 1] : NULL;

		if (!last || last->address != t->symbols[i].address)
			t->symbols[kept++] = t->symbols[i];
		else if (better_first(last, &t->symbols[i], t->names.text) > 0)
			*last = t->symbols[i];
	}
	t->n = kept;
}

size_t symtab_count(const struct symtab *t)
{
	return t->n;
}

bool symtab_find(const struct symtab *t, uint64_t address, struct symtab_hit *ret)
{
	size_t n = count_before(t->n, i, t->symbols[i].address <= address);
	const struct symbol *s;

	if (!n)
		return false;
	s = &t->symbols[n - 1];
	if (address - s->address >= s->reach)
		return false;
	ret->address = s->address;
	ret->name = t->names.text + s->name;
	ret->module = t->modules[s->module];
	return true;
}
