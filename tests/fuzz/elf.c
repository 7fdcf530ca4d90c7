/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An ELF file of any content: symbols, jumps, sections, debug information, line programs, unwind
 * rules. What is told of an address does not depend on how much was read at once. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "elf/plt.h"
#include "symbolize/symbols.h"
#include "unwind/compile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { N = 64 };

static void use(const struct place *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((p[i].function && strlen(p[i].function) > 1 << 20) ||
		    (p[i].file && strlen(p[i].file) > 1 << 20))
			abort();
}

static void name(struct elf_file *elf, bool all)
{
	struct image image = {
		.kind = IMAGE_FILE, .path = "/nonexistent/fuzz", .root = -1, .elf = elf};
	struct symbols *s = symbols_new(&image, NULL);
	struct place places[MAX_PLACES];
	uint64_t addresses[N], min, max, start;
	size_t n;

	elf_file_code_range(elf, &min, &max);
	for (size_t i = 0; i < N; i++)
		addresses[i] = min + (max - min) / N * i;
	symbols_prepare(s, addresses, N, all);
	for (size_t i = 0; i < N; i++) {
		symbols_find(s, addresses[i], places, &n);
		use(places, n);
		symbols_start(s, addresses[i], &start);
	}
	symbols_free(s);
}

static void unwind(struct elf_file *elf)
{
	auto_free struct table_head *table = compile_table(elf, NULL);

	if (table && !table_check(table, table->bytes))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* As a file is: whole pages. */
	auto_free uint8_t *copy = mem_dup(data, size ? size : 1);
	struct elf_file *elf;

	if (elf_file_from_memory(copy, size, &elf))
		return 0;
	name(elf, true);
	name(elf, false);
	unwind(elf);
	elf_file_free(elf);
	return 0;
}
