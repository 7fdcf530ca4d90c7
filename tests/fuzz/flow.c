/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Code of any content is followed to an end, and its rules become a table that can be searched. */
#include <stdlib.h>

#include "base/mem.h"
#include "unwind/flow.h"
#include "unwind/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct insn_reader *reader;
	struct rows rows = {0};
	struct table_head *t;
	struct flow *f;
	uint32_t n;

	if (size < 3 || size > 1 << 16)
		return 0;
	if (!reader)
		reader = insn_reader_new();
	n = (uint32_t)size - 2;
	f = flow_new(reader, data + 2, n, 0x1000);
	flow_begins(f, data[0]);
	flow_begins(f, data[1]);
	flow_follow(f);
	rows_function(&rows, 0x1000, 0x1000 + n);
	for (uint32_t at = 0; at < n; at++) {
		flow_hides_bottom(f, at);
		if (flow_length(f, at))
			rows_add(&rows, 0x1000 + at, flow_rule(f, at));
	}
	flow_free(f);
	rows_sort(&rows);
	t = table_build(&rows);
	if (t && !table_check(t, t->bytes))
		abort();
	free(t);
	rows_release(&rows);
	return 0;
}
