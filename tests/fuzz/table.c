/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What passes the check of a table from disk can be searched without reading outside of it. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "unwind/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct table_head *t = mem_dup(data, size & ~7ull);

	/* These two are hard to come by. */
	if (size >= sizeof(*t)) {
		t->magic = TABLE_MAGIC;
		t->bytes = (uint32_t)(size & ~7ull);
	}
	if (table_check(t, size & ~7ull))
		for (uint64_t a = 0; a < 0x20000; a += 61)
			table_rule(t, 0, t->base + a);
	free(t);
	return 0;
}
