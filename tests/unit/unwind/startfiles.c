/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The code of the compiler's start files, which has no call frame information, is unwound. */
#include "unit/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "elf/elf_file.h"
#include "unwind/compile.h"

struct found {
	const struct table_head *table;
	int n;
};

static void look(void *ctx, const struct elf_symbol *symbol)
{
	static const char *const names[] = {"deregister_tm_clones",
					    "register_tm_clones",
					    "__do_global_dtors_aux",
					    "frame_dummy",
					    "_init",
					    "_fini"};
	static const uint64_t caller = RULE(CFA_SP, 8, FP_SAME, 0, RA_AT_CFA),
			      pushed = RULE(CFA_SP, 16, FP_SAME, 0, RA_AT_CFA);
	struct found *found = ctx;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		uint64_t rule = 0;

		if (strcmp(names[i], symbol->name) != 0)
			continue;
		found->n++;
		assert_true(table_rule(found->table, 0, symbol->address) == caller);
		for (uint64_t a = symbol->address; rule != pushed && a < symbol->address + 20; a++)
			rule = table_rule(found->table, 0, a);
		assert_true((rule == pushed) == (names[i][0] == '_'));
	}
}

static void start_files_are_unwound(void **state)
{
	struct elf_file *elf;
	struct table_head *table;
	struct found found = {0};

	assert_true(elf_file_open(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), &elf) == 0);
	table = compile_table(elf, NULL);
	assert_true(table);
	found.table = table;
	elf_file_symbols(elf, look, &found);
	assert_true(found.n == 6);
	free(table);
	elf_file_free(elf);
}

TESTS(T(start_files_are_unwound))
