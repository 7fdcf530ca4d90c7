/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unwind tables against libdw: at the address of every row, and one byte before, the table's rule
 * is what libdw says of that address.
 *
 * The files: what is installed of libc, libstdc++, libcrypto, libpython and librustc or a program
 * in Rust, and this very program. At least three must be there.
 */
#include "unit/test.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>

#include "base/mem.h"
#include "unwind/compile.h"

/* Offset of a "register + constant" expression; false for any other. */
static bool is_base(const Dwarf_Op *op, unsigned reg, int64_t *ret)
{
	if (op->atom == DW_OP_bregx && op->number == reg)
		*ret = (int64_t)op->number2;
	else if (op->atom == DW_OP_breg0 + reg)
		*ret = (int64_t)op->number;
	else
		return false;
	return true;
}

static bool cfa_agrees(uint64_t rule, const Dwarf_Op *ops, size_t n)
{
	int64_t offset;
	uint64_t wide = (uint64_t)rule_cfa_offset(rule);

	switch (rule_cfa(rule)) {
	case CFA_SP:
		return n == 1 && is_base(ops, REG_SP, &offset) && offset == rule_cfa_offset(rule);
	case CFA_FP:
		return n == 1 && is_base(ops, REG_FP, &offset) && offset == rule_cfa_offset(rule);
	case CFA_REG:
		return n == 1 && is_base(ops, wide & 0xff, &offset) &&
		       offset == rule_cfa_offset(rule) >> 8;
	case CFA_DEREF_SP:
	case CFA_DEREF_FP:
		return n >= 2 &&
		       is_base(ops, rule_cfa(rule) == CFA_DEREF_SP ? REG_SP : REG_FP, &offset) &&
		       offset == (int16_t)wide && ops[1].atom == DW_OP_deref &&
		       (n == 2 ? (int64_t)wide >> 16 == 0
			: ops[2].atom == DW_OP_plus_uconst
				? (int64_t)ops[2].number == (int64_t)wide >> 16
				: ops[2].atom - DW_OP_lit0 == (int64_t)wide >> 16);
	case CFA_PLT:
		return n > 5 && is_base(ops, REG_SP, &offset) && offset == 8;
	default:
		return false;
	}
}

/* Is register `reg` saved at CFA + `want`? */
static bool saved_agrees(Dwarf_Frame *frame, int reg, int64_t want)
{
	Dwarf_Op memory[3], *ops;
	size_t n;

	if (dwarf_frame_register(frame, reg, memory, &ops, &n) || n < 1 ||
	    ops[0].atom != DW_OP_call_frame_cfa)
		return false;
	return n == 1 ? want == 0
		      : n == 2 && ops[1].atom == DW_OP_plus_uconst &&
				(int64_t)ops[1].number == want;
}

static bool fp_agrees(uint64_t rule, Dwarf_Frame *frame)
{
	Dwarf_Op memory[3], *ops;
	size_t n;
	int64_t offset;

	if (dwarf_frame_register(frame, REG_FP, memory, &ops, &n))
		return false;
	switch (rule_fp(rule)) {
	case FP_SAME:
		return n == 0;
	case FP_AT_CFA:
		return saved_agrees(frame, REG_FP, rule_fp_offset(rule));
	case FP_AT_FP:
		/* An expression begins with the CFA on its stack. */
		return n == 2 && ops[0].atom == DW_OP_call_frame_cfa &&
		       is_base(&ops[1], REG_FP, &offset) && offset == rule_fp_offset(rule);
	default:
		return n > 0; /* not followed */
	}
}

/* Does the rule say what libdw says? */
static bool agrees(uint64_t rule, Dwarf_Frame *frame)
{
	Dwarf_Op memory[3], *ops;
	size_t n;
	bool is_signal;

	dwarf_frame_info(frame, NULL, NULL, &is_signal);
	if (dwarf_frame_register(frame, REG_RA, memory, &ops, &n))
		return false;
	if (n == 0 && ops == memory)
		return rule_cfa(rule) == CFA_END;
	if (rule_cfa(rule) == CFA_UNSUPPORTED || rule_cfa(rule) == CFA_SIGNAL)
		return rule_cfa(rule) == CFA_UNSUPPORTED || is_signal;
	if (rule_ra(rule) == RA_IN_REGISTER)
		return true; /* libdw writes it in several ways */
	if (!saved_agrees(frame, REG_RA, -8) || !fp_agrees(rule, frame))
		return false;
	return !dwarf_frame_cfa(frame, &ops, &n) && cfa_agrees(rule, ops, n);
}

struct comparison {
	const struct table_head *table;
	Dwarf_CFI *cfi;
	uint64_t rows, compared, wrong, unsupported;
	uint64_t entry;
};

static void compare_at(struct comparison *c, uint64_t address)
{
	uint64_t rule = table_rule(c->table, 0, address);
	Dwarf_Frame *frame;

	if (address - c->entry < 32 || dwarf_cfi_addrframe(c->cfi, address, &frame))
		return; /* what the file does not say, others test */
	c->compared++;
	c->unsupported += rule_cfa(rule) == CFA_UNSUPPORTED;
	if (!agrees(rule, frame) && c->wrong++ < 5)
		print_message("  %llx: rule %016llx\n", (unsigned long long)address,
			      (unsigned long long)rule);
	free(frame);
}

/* The address of every row: sub-page by sub-page, as many as it has rows. */
static void each_row(struct comparison *c)
{
	const char *blob = (const char *)c->table;

	for (uint32_t chunk = 0; chunk < c->table->n_chunks; chunk++) {
		uint32_t at;

		memcpy(&at, blob + c->table->directory + 4 * chunk, 4);
		for (uint32_t sub = 0; at && sub < 256; sub++) {
			struct table_group g;
			uint32_t first, from, to, wide;
			uint16_t counts[16];

			memcpy(&g, blob + at + sub / 16 * sizeof(g), sizeof(g));
			for (int i = 0; i < 16; i++)
				counts[i] = g.upto[i];
			memcpy(&wide, g.upto, 4);
			if (g.first & TABLE_WIDE)
				memcpy(counts, blob + wide, sizeof(counts));
			first = g.first & ~TABLE_WIDE;
			from = first + (sub % 16 ? counts[sub % 16 - 1] : 0);
			to = first + counts[sub % 16];
			for (uint32_t row = from; row < to; row++) {
				uint64_t address = c->table->base + ((uint64_t)chunk << 16) +
						   sub * 256 +
						   (uint8_t)blob[c->table->rows + 2 * row];

				c->rows++;
				compare_at(c, address);
				compare_at(c, address - 1);
			}
		}
	}
}

/* For the rules of a function whose stack is realigned, in this very program: gcc keeps the old
 * frame pointer where the new one is, says so by an expression, and finds the CFA in memory. */
__attribute__((noinline, used)) static char realigned(size_t n)
{
	_Alignas(64) volatile char whole[64] = {0};
	volatile char *part = __builtin_alloca(n);

	part[0] = whole[0];
	return part[0];
}

/* Returns whether the file was there. */
static bool compare_file(const char *path)
{
	struct comparison c = {0};
	struct elf_file *elf;
	struct table_head *t;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || elf_file_open(fd, &elf))
		return false;
	t = compile_table(elf, NULL);
	c.table = t;
	c.cfi = dwarf_getcfi_elf(elf_file_handle(elf));
	c.entry = elf_file_entry(elf);
	assert_non_null(t);
	assert_true(table_check(t, t->bytes));
	each_row(&c);
	print_message("%s: %llu rows, %llu addresses compared, %llu not expressed, %llu wrong\n",
		      path, (unsigned long long)c.rows, (unsigned long long)c.compared,
		      (unsigned long long)c.unsupported, (unsigned long long)c.wrong);
	assert_int_equal(c.rows, t->n_rows);
	assert_int_equal(c.wrong, 0);
	assert_true(c.compared > c.rows);
	assert_true(c.unsupported * 200 < c.compared);
	dwarf_cfi_end(c.cfi);
	elf_file_free(elf);
	free(t);
	return true;
}

static void every_row_is_what_libdw_says(void **state)
{
	static const char *const patterns[] = {
		"/proc/self/exe",
		"/lib/x86_64-linux-gnu/libc.so.6",
		"/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
		"/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
		"/usr/lib/x86_64-linux-gnu/libcrypto.so.3",
		"/usr/lib/x86_64-linux-gnu/libpython3.*.so.1.0",
		"/usr/bin/python3.*[0-9]",
		"/usr/bin/rustc",
	};
	int found = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		glob_t files;

		if (glob(patterns[i], 0, NULL, &files))
			continue;
		for (size_t j = 0; j < files.gl_pathc && j < 1; j++)
			found += compare_file(files.gl_pathv[j]);
		globfree(&files);
	}
	assert_true(found >= 3);
}

/* Rows denser than a group's small counts hold, more rules than the dictionary, gaps and overlaps.
 */
static void dense_pages_and_rare_rules(void **state)
{
	struct rows rows = {0};
	struct table_head *t;

	(void)state;
	/* A rule for every byte of two pages, of 700 in all. */
	rows_function(&rows, 0x10000, 0x12000);
	for (uint64_t a = 0x10000; a < 0x12000; a++)
		rows_add(&rows, a, RULE(CFA_SP, 8 * (1 + a * 11 % 700), FP_SAME, 0, RA_AT_CFA));
	/* A function over 64 KB long with one rule, far away. */
	rows_function(&rows, 0x100000, 0x140000);
	rows_add(&rows, 0x100000, RULE(CFA_FP, 16, FP_AT_CFA, -16, RA_AT_CFA));
	rows_sort(&rows);
	t = table_build(&rows);
	assert_true(table_check(t, t->bytes));
	assert_true(t->n_exceptions > 1000);
	for (uint64_t a = 0x10000; a < 0x12000; a++)
		assert_int_equal(table_rule(t, 0, a),
				 RULE(CFA_SP, 8 * (1 + a * 11 % 700), FP_SAME, 0, RA_AT_CFA));
	assert_int_equal(table_rule(t, 0, 0x12000), 0);
	assert_int_equal(table_rule(t, 0, 0xffff), 0);
	assert_int_equal(table_rule(t, 0, 0xfffff), 0);
	for (uint64_t a = 0x100000; a < 0x140000; a += 0xfff)
		assert_int_equal(rule_cfa(table_rule(t, 0, a)), CFA_FP);
	assert_int_equal(table_rule(t, 0, 0x140000), 0);
	assert_int_equal(table_rule(t, 0, UINT64_MAX), 0);
	free(t);
	rows_release(&rows);
}

static void damaged_tables_are_refused(void **state)
{
	struct rows rows = {0};
	struct table_head *t, *copy;
	uint32_t bytes;

	(void)state;
	rows_function(&rows, 0x1000, 0x9000);
	for (uint64_t a = 0x1000; a < 0x9000; a += 3)
		rows_add(&rows, a, RULE(CFA_SP, 8 * (a % 900), FP_SAME, 0, RA_AT_CFA));
	t = table_build(&rows);
	bytes = t->bytes;
	assert_true(table_check(t, bytes));
	assert_false(table_check(t, bytes - 8));
	srand(7);
	for (int i = 0; i < 20000; i++) {
		uint32_t at = (uint32_t)rand() % (i % 2 ? bytes : 200);

		copy = mem_dup(t, bytes);
		((uint8_t *)copy)[at] ^= (uint8_t)(1 << rand() % 8);
		/* Whatever passes can be searched without leaving the blob (the sanitizers look).
		 */
		if (table_check(copy, bytes))
			for (uint64_t a = 0; a < 0x20000; a += 509)
				table_rule(copy, 0, a);
		free(copy);
	}
	free(t);
	rows_release(&rows);
}

TESTS(T(every_row_is_what_libdw_says), T(dense_pages_and_rare_rules), T(damaged_tables_are_refused))
