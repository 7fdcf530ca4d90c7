/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Call frame information of any content becomes a table that can be searched. */
#include <stdlib.h>

#include "unwind/cfi.h"
#include "unwind/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfi_section s = {.bytes = data + 1, .address = 0x1000};
	struct rows rows = {.min = 0x1, .max = 0x800000};
	struct table_head *t;

	if (!size)
		return 0;
	s.n = size - 1;
	s.is_debug_frame = *data & 1;
	cfi_compile(&s, &rows);
	rows.source = 1;
	rows_function(&rows, 0x1000, 0x1100);
	rows_add(&rows, 0x1000, RULE(CFA_END, 0, 0, 0, 0));
	rows_sort(&rows);
	t = table_build(&rows);
	if (!t || !table_check(t, t->bytes))
		abort();
	for (size_t i = 0; i < rows.n_functions && i < 64; i++) {
		table_rule(t, 0, rows.functions[i].lo);
		table_rule(t, 0, rows.functions[i].lo + rows.functions[i].bytes);
	}
	free(t);
	rows_release(&rows);
	return 0;
}
