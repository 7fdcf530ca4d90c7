/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table of Go's of any content becomes a table that can be searched. */
#include <stdlib.h>

#include "unwind/pclntab.h"
#include "unwind/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rows rows = {.min = 0x1, .max = 0x800000};
	struct table_head *t;
	struct gopclntab go;

	if (gopclntab_open(&go, data, size, 0x401000)) {
		pclntab_compile(&go, &rows);
		rows_sort(&rows);
		t = table_build(&rows);
		if (t && !table_check(t, t->bytes))
			abort();
		for (uint64_t a = 0x400ff0; t && a < 0x401400; a += 7)
			table_rule(t, 0, a);
		free(t);
	}
	rows_release(&rows);
	return 0;
}
