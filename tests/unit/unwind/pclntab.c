/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Go's stack deltas against the .debug_frame that the same compiler wrote: a program is built for
 * it (go is among the packages for tests), and the same program stripped gives the same table.
 */
#include "unit/test.h"
#include "unit/folder.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "unwind/compile.h"

static int build(void **state)
{
	if (folder_make(state))
		return -1;
	return folder_run(
		"export HOME=$PWD GOCACHE=$PWD/cache GOFLAGS=-mod=mod && "
		"printf 'package main\\nimport (\"fmt\"; \"sort\"; \"strings\")\\n"
		"func main() { s := strings.Fields(\"b a\"); sort.Strings(s); fmt.Println(s) "
		"}\\n' >p.go && "
		"go build -o full p.go && go build -ldflags '-s -w' -o stripped p.go");
}

static struct elf_file *open_program(const char *name)
{
	char path[256];
	struct elf_file *elf;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(elf_file_open(open(path, O_RDONLY | O_CLOEXEC), &elf), 0);
	return elf;
}

static void deltas_are_what_debug_frame_says(void **state)
{
	struct elf_file *elf = open_program("full");
	struct table_head *t = compile_table(elf, NULL);
	Dwarf *dwarf = dwarf_begin_elf(elf_file_handle(elf), DWARF_C_READ, NULL);
	Dwarf_CFI *cfi = dwarf_getcfi(dwarf);
	struct elf_section pclntab = elf_file_section(elf, ".gopclntab");
	uint64_t compared = 0, wrong = 0;
	struct rows rows = {0};

	(void)state;
	assert_non_null(t);
	assert_non_null(cfi);
	assert_non_null(pclntab.bytes);
	for (uint64_t a = t->base; a < t->base + ((uint64_t)t->n_chunks << 16); a++) {
		uint64_t rule = table_rule(t, 0, a);
		Dwarf_Frame *frame;
		Dwarf_Op *ops;
		size_t n;

		if (rule_cfa(rule) != CFA_SP || dwarf_cfi_addrframe(cfi, a, &frame))
			continue;
		compared++;
		if (dwarf_frame_cfa(frame, &ops, &n) || n != 1 || ops[0].number != REG_SP ||
		    (int64_t)ops[0].number2 != rule_cfa_offset(rule))
			wrong++;
		free(frame);
	}
	print_message("%llu addresses compared, %llu wrong\n", (unsigned long long)compared,
		      (unsigned long long)wrong);
	assert_true(compared > 300000);
	assert_int_equal(wrong, 0);
	rows_release(&rows);
	dwarf_end(dwarf);
	free(t);
	elf_file_free(elf);
}

static void stripping_changes_nothing(void **state)
{
	struct elf_file *full = open_program("full"), *stripped = open_program("stripped");
	struct table_head *a = compile_table(full, NULL), *b = compile_table(stripped, NULL);

	(void)state;
	assert_int_equal(a->n_rows, b->n_rows);
	assert_int_equal(a->n_rules, b->n_rules);
	free(a);
	free(b);
	elf_file_free(full);
	elf_file_free(stripped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {T(deltas_are_what_debug_frame_says),
					   T(stripping_changes_nothing)};

	if (system("command -v go >/dev/null")) {
		puts("skipped: no go");
		return 77;
	}
	return cmocka_run_group_tests(tests, build, folder_remove);
}
