/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Code without tables and symbols is parted where functions begin. */
#include "unit/test.h"
#include "unit/own_code.h"

#include "base/mem.h"
#include "elf/boundaries.h"
#include "elf/regions.h"

/* Each label begins a function, and nothing else does. */
asm(".text\n.balign 16\nedge_begin: nopl 0(%rax)\nnop\n.balign 16\n"
    "edge_first: test %edi, %edi\nje 1f\nret\n1: nop\nret\n"
    /* Without padding, behind a return. */
    "edge_tight: call edge_called\nmov %eax, %edx\n"
    /* A jump ahead, over a return. */
    "jmp 2f\n3: ret\n2: dec %edx\njnz 3b\njmp edge_first\n"
    ".balign 16\n"
    /* What follows a jump through a table is its, up to padding. */
    "edge_table: jmp *%rax\nmov $1, %eax\nret\nmov $2, %eax\nret\nint3\nint3\n"
    "edge_called: test %edi, %edi\njne 4f\nret\n4: call abort\n"
    ".balign 16\n"
    /* Code that asks where it is. */
    "edge_self: call 5f\n5: pop %rax\nret\n"
    "edge_end: nop\n");

static const char *const names[] = {"edge_begin",  "edge_first", "edge_tight", "edge_table",
				    "edge_called", "edge_self",  "edge_end"};
enum { BEGIN, FIRST, TIGHT, TABLE, CALLED, SELF, END, N_NAMES };

static void functions_begin(void **state)
{
	struct boundaries b auto_release(boundaries_release) = {0};
	struct insn_reader *reader = insn_reader_new();
	uint64_t at[N_NAMES];
	struct elf_file *elf = own_code(names, at, N_NAMES);
	size_t n = at[END] - at[BEGIN];
	auto_free uint8_t *code = mem_alloc(n);

	(void)state;
	assert_true(elf_file_read(elf, at[BEGIN], code, n));
	boundaries_find(&b, reader, code, n, at[BEGIN]);
	assert_int_equal(b.n, END);
	for (size_t i = BEGIN; i < END; i++)
		assert_int_equal(b.starts[i], at[i]);
	assert_int_equal(boundaries_before(&b, at[TIGHT] - 1), at[FIRST]);
	assert_int_equal(boundaries_before(&b, at[BEGIN] - 1), 0);
	assert_int_equal(boundaries_behind(&b, at[TIGHT]), at[TABLE]);
	assert_int_equal(boundaries_behind(&b, at[SELF]), UINT64_MAX);
	insn_reader_free(reader);
	elf_file_free(elf);
}

/* Nothing covers this test's assembly, and it has symbols. */
static void regions_lie_between_functions(void **state)
{
	uint64_t at[N_NAMES], start, end;
	struct elf_file *elf = own_code(names, at, N_NAMES);
	struct regions *r = regions_new(elf);

	(void)state;
	assert_true(regions_find(r, at[TABLE] + 3, &start, &end));
	assert_int_equal(start, at[TABLE]);
	assert_int_equal(end, at[CALLED]);
	assert_false(regions_find(r, 8, &start, &end));
	regions_free(r);
	elf_file_free(elf);
}

TESTS(T(functions_begin), T(regions_lie_between_functions))
