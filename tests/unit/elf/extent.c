/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Code without a size goes up to where it ends, and not into what it calls. */
#include "unit/test.h"
#include "unit/own_code.h"

#include "elf/extent.h"

asm(".text\n.balign 16\n"
    /* A branch reaches beyond the first return. */
    "extent_branch: test %edi, %edi\nje 1f\nret\n1: nop\nret\nextent_branch_end: nop\n"
    /* The function that is called lies right behind. */
    "extent_entry: call extent_called\nmov $60, %eax\nxor %edi, %edi\nsyscall\n"
    "extent_called: nop\nret\nextent_called_end: nop\n");

static const char *const names[] = {"extent_branch", "extent_branch_end", "extent_entry",
				    "extent_called", "extent_called_end"};
enum { BRANCH, BRANCH_END, ENTRY, CALLED, CALLED_END, N_NAMES };

static void extents_end(void **state)
{
	struct insn_reader *reader = insn_reader_new();
	uint64_t at[N_NAMES];
	struct elf_file *elf = own_code(names, at, N_NAMES);

	(void)state;
	assert_int_equal(code_extent(reader, elf, at[BRANCH], 4096), at[BRANCH_END] - at[BRANCH]);
	assert_int_equal(code_extent(reader, elf, at[BRANCH], 3), 3);
	assert_int_equal(code_extent(reader, elf, at[ENTRY], 4096), at[CALLED] - at[ENTRY]);
	assert_int_equal(code_extent(reader, elf, at[CALLED], 4096), at[CALLED_END] - at[CALLED]);
	elf_file_free(elf);
	insn_reader_free(reader);
}

TESTS(T(extents_end))
