/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How right unwind rules are that are made by reading code: in files that have tables too, compared
 * with these, instruction by instruction; and how much of the code that no table tells of gets one.
 *
 * usage: scan FILE...; SCAN_SHOW=1 shows where each function is first wrong.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "unwind/cfi.h"
#include "unwind/scan.h"
#include "unwind/table.h"

struct figures {
	uint64_t bytes, with_rule, compared, wrong;
};

static uint64_t rule_of(const struct table_head *table, uint64_t address)
{
	return table ? table_rule((const char *)table - 64, 64, address) : 0;
}

/* A function that the file's table tells of. */
static void compare(struct figures *to, const struct row_function *f, const struct table_head *told,
		    const struct table_head *read)
{
	bool shown = !getenv("SCAN_SHOW");

	for (uint64_t at = f->lo; at < f->lo + f->bytes; at++) {
		uint64_t is = rule_of(told, at), has = rule_of(read, at);

		if (rule_cfa(is) != CFA_SP && rule_cfa(is) != CFA_FP)
			continue;
		to->bytes++;
		to->with_rule += has != 0;
		if (rule_cfa(is) != rule_cfa(has))
			continue;
		to->compared++;
		if (rule_cfa_offset(is) == rule_cfa_offset(has))
			continue;
		to->wrong++;
		if (!shown)
			fprintf(stderr, "%#lx: %ld, read as %ld\n", (unsigned long)at,
				(long)rule_cfa_offset(is), (long)rule_cfa_offset(has));
		shown = true;
	}
}

static double percent(uint64_t part, uint64_t of)
{
	return of ? 100.0 * (double)part / (double)of : 0;
}

static void visit_section(void *tables, const char *name, uint64_t address, uint64_t size)
{
	const struct table_head *const *t = tables;
	uint64_t bytes = 0, with = 0;

	for (uint64_t at = address; at < address + size; at++) {
		if (rule_of(t[0], at))
			continue;
		bytes++;
		with += rule_of(t[1], at) != 0;
	}
	printf("  %-12s %8lu bytes in no table, %.2f %% of them with a rule\n", name,
	       (unsigned long)bytes, percent(with, bytes));
}

static void examine(struct elf_file *elf, const char *path)
{
	struct rows told auto_release(rows_release) = {0}, read auto_release(rows_release) = {0};
	struct elf_section s = elf_file_section(elf, ".eh_frame");
	const struct cfi_section section = {s.bytes, s.n, s.address, false};
	auto_free struct table_head *truth = NULL, *table = NULL, *all = NULL;
	const struct table_head *both[2];
	struct figures f = {0};
	uint64_t begin = clock_ns(CLOCK_MONOTONIC), took;

	scan_compile(elf, NULL, &read);
	took = clock_ns(CLOCK_MONOTONIC) - begin;
	rows_sort(&read);
	table = table_build(&read);
	if (s.bytes)
		cfi_compile(&section, &told);
	rows_sort(&told);
	truth = table_build(&told);
	for (size_t i = 0; i < told.n_functions; i++)
		compare(&f, &told.functions[i], truth, table);
	printf("%s: %lu bytes in tables, %.2f %% with a rule, %.3f %% of %lu wrong, %.0f ms\n",
	       path, (unsigned long)f.bytes, percent(f.with_rule, f.bytes),
	       percent(f.wrong, f.compared), (unsigned long)f.compared, (double)took / 1e6);
	told.source = 1;
	scan_compile(elf, NULL, &told);
	rows_sort(&told);
	all = table_build(&told);
	both[0] = truth;
	both[1] = all;
	elf_file_code_sections(elf, visit_section, both);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct elf_file *elf;

		if (elf_file_open(open(argv[i], O_RDONLY | O_CLOEXEC), &elf)) {
			fprintf(stderr, "%s is no ELF file\n", argv[i]);
			return 1;
		}
		examine(elf, argv[i]);
		elf_file_free(elf);
	}
	return 0;
}
