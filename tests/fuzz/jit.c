/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Perf maps and jitdump files of any content, whole and in two pieces. */
#include <stdlib.h>
#include <string.h>

#include "maps/jit.h"
#include "maps/jitdump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(struct jit *j, uint64_t time_ns)
{
	struct code_place f;

	for (uint64_t a = 0; a < 1 << 13; a += 64)
		if (jit_find(j, a, time_ns, &f) && (strlen(f.name) > 4096 || f.start > a))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct jit *j = jit_empty();
	size_t used;

	if (size && data[0] & 1) {
		used = jit_parse_map(j, (const char *)data + 1, size / 2);
		use(j, 0);
		if (used > size / 2)
			abort();
		jit_parse_map(j, (const char *)data + 1 + used, size - 1 - used);
	} else if (size) {
		used = jitdump_parse(jit_code(j), data + 1, size / 2, true);
		if (used > size / 2)
			abort();
		use(j, 1000);
		jitdump_parse(jit_code(j), data + 1 + used, size - 1 - used, used == 0);
	}
	use(j, UINT64_MAX);
	jit_free(j);
	return 0;
}
