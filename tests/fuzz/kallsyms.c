/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: /proc/kallsyms, and the kernel's words for an address. */
#include "base/mem.h"
#include "symbolize/kallsyms.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = mem_alloc(size + 1), *words = mem_alloc(size + 1);
	struct symtab *t = symtab_new();
	struct symtab_hit hit;
	uint64_t offset;
	char *module;

	memcpy(text, data, size);
	memcpy(words, data, size);
	kallsyms_parse(text, t);
	symtab_finish(t);
	symtab_find(t, 0xffffffff81000000, &hit);
	kernel_words_parse(words, &offset, &module);
	symtab_free(t);
	return 0;
}
