/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A symbol table to look addresses up in: sorted, one winner per address.
 *
 * Owner: symtab_free(). Names are copied.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symtab;

struct symtab *symtab_new(void);
void symtab_free(struct symtab *t);

/* How good a name is among those of one address; higher wins, then the shorter, then strcmp. */
struct symtab_entry {
	uint64_t address;
	uint64_t reach; /* its size, or how far it may reach at most: the next symbol ends it too */
	const char *name;
	const char *module; /* kernel module, or NULL */
	uint32_t merit;
};

void symtab_add(struct symtab *t, const struct symtab_entry *entry);
/* Sorts and chooses; to be called once, before the first search. */
void symtab_finish(struct symtab *t);
size_t symtab_count(const struct symtab *t);

struct symtab_hit {
	uint64_t address;
	const char *name;
	const char *module;
};

/* The symbol that holds the address. */
bool symtab_find(const struct symtab *t, uint64_t address, struct symtab_hit *ret);
