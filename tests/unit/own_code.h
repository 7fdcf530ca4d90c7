/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Code that a test program has in itself, behind labels in assembly. */
#pragma once

#include <fcntl.h>

#include "elf/elf_file.h"

struct own_labels {
	const char *const *names;
	uint64_t *addresses;
	size_t n;
};

static void own_label(void *labels, const struct elf_symbol *symbol)
{
	const struct own_labels *l = labels;

	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(symbol->name, l->names[i]))
			l->addresses[i] = symbol->address;
}

/* The program's file, and the addresses of all `n` labels in it. */
static inline struct elf_file *own_code(const char *const *names, uint64_t *ret_addresses, size_t n)
{
	struct own_labels labels = {names, ret_addresses, n};
	struct elf_file *elf;

	memset(ret_addresses, 0, n * sizeof(*ret_addresses));
	assert_int_equal(elf_file_open(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), &elf), 0);
	elf_file_symbols(elf, own_label, &labels);
	for (size_t i = 0; i < n; i++)
		assert_true(ret_addresses[i] != 0);
	return elf;
}
