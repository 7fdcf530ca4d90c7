/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where stacks of fibers end. */
#include "unwind/bottoms.h"

#include "base/mem.h"
#include "base/str.h"

#include <string.h>

enum { MAX_CODE_BYTES = 16 << 20 };

struct search {
	const struct elf_file *elf;
	struct rows *rows;
};

/* mov %rbx, %rsp; mov (%rsp), %rdi; test %rdi, %rdi; je; call; mov %rax, %rdi; call; hlt */
static void find_start_context(void *search, const char *name, uint64_t address, uint64_t size)
{
	static const uint8_t begins[] = {0x48, 0x89, 0xdc, 0x48, 0x8b, 0x3c,
					 0x24, 0x48, 0x85, 0xff, 0x74};
	enum { BYTES = 26 };
	struct search *s = search;
	auto_free uint8_t *code = NULL;
	const uint8_t *at;

	if (!str_equal(name, ".text") || size > MAX_CODE_BYTES || size < BYTES)
		return;
	code = mem_alloc(size);
	if (!elf_file_read(s->elf, address, code, size))
		return;
	at = memmem(code, size, begins, sizeof(begins));
	if (!at || at == code || (size_t)(code + size - at) < BYTES)
		return;
	address += (uint64_t)(at - code);
	rows_first_function(s->rows, address - 1, address + BYTES);
}

void bottoms_compile(const struct elf_file *elf, struct rows *rows)
{
	struct search s = {elf, rows};

	elf_file_code_sections(elf, find_start_context, &s);
}
