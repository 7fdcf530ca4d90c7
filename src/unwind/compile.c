/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compiles the unwind table of a file. */
#include "unwind/compile.h"

#include "base/mem.h"
#include "base/str.h"
#include "elf/extent.h"
#include "unwind/bottoms.h"
#include "unwind/cfi.h"
#include "unwind/first.h"
#include "unwind/pclntab.h"
#include "unwind/scan.h"
#include "unwind/startfiles.h"

#include <dwarf.h>
#include <string.h>

/* In order of trust: where two speak of the same code, the first one counts. */
enum source {
	SOURCE_ENTRY,
	SOURCE_GO,
	SOURCE_EH_FRAME,
	SOURCE_DEBUG_FRAME,
	SOURCE_FIRST,
	SOURCE_PLT,
	SOURCE_SCAN
};

enum { MAX_SYMBOL_BYTES = 1 << 19, ENTRY_BYTES = 8, MAX_START_BYTES = 256 };

static void add_cfi(struct rows *rows, const struct elf_section *s, bool is_debug_frame)
{
	const struct cfi_section section = {s->bytes, s->n, s->address, is_debug_frame};

	if (!s->bytes)
		return;
	rows->source = is_debug_frame ? SOURCE_DEBUG_FRAME : SOURCE_EH_FRAME;
	cfi_compile(&section, rows);
}

/* .eh_frame of a file without section headers: the first pointer of .eh_frame_hdr leads there. */
static struct elf_section eh_frame_by_header(const struct elf_file *elf)
{
	uint64_t address = elf_file_eh_frame_hdr(elf);
	struct elf_section header = {0}, none = {0};
	const uint8_t *bytes;
	int32_t offset;

	if (address)
		header = elf_file_bytes_at(elf, address);
	bytes = header.bytes;
	if (!bytes || header.n < 8 || bytes[0] != 1 ||
	    bytes[1] != (DW_EH_PE_pcrel | DW_EH_PE_sdata4))
		return none;
	memcpy(&offset, bytes + 4, 4);
	return elf_file_bytes_at(elf, address + 4 + (uint64_t)(int64_t)offset);
}

/* Returns whether it is a Go program. */
static bool add_go(struct rows *rows, const struct elf_file *elf)
{
	struct gopclntab t;

	rows->source = SOURCE_GO;
	if (!gopclntab_find(&t, elf))
		return false;
	pclntab_compile(&t, rows);
	return true;
}

/* Linkage tables that the linker has described to nobody. */
static void add_plt(void *rows, const char *name, uint64_t address, uint64_t size)
{
	bool lazy = str_equal(name, ".plt");

	if (!lazy && !str_starts(name, ".plt."))
		return;
	rows_function(rows, address, address + size);
	if (!lazy) {
		rows_add(rows, address, RULE(CFA_SP, 8, FP_SAME, 0, RA_AT_CFA));
		return;
	}
	/* The first entry pushes a word (6 bytes) with another on the stack already. */
	rows_add(rows, address, RULE(CFA_SP, 16, FP_SAME, 0, RA_AT_CFA));
	rows_add(rows, address + 6, RULE(CFA_SP, 24, FP_SAME, 0, RA_AT_CFA));
	rows_add(rows, address + 16, RULE(CFA_PLT, 11, FP_SAME, 0, RA_AT_CFA));
}

/* What the symbols tell of where stacks end. */
struct ends {
	const struct elf_file *elf;
	struct first_search search;
	struct rows *rows;
	bool has_contexts; /* makecontext() is there */
};

static void add_first(void *ends, const struct elf_symbol *symbol)
{
	struct ends *e = ends;

	if (is_first_function(&e->search, e->elf, symbol))
		rows_first_function(e->rows, symbol->address,
				    symbol->address + MAX(symbol->size, (uint64_t)1));
	e->has_contexts = e->has_contexts || str_equal(symbol->name, "makecontext");
}

/* A program's first function goes up to where it goes elsewhere. */
static uint64_t entry_bytes(const struct elf_file *elf, uint64_t entry)
{
	struct insn_reader *reader = insn_reader_new();
	uint64_t bytes = reader ? code_extent(reader, elf, entry, MAX_START_BYTES) : 0;

	insn_reader_free(reader);
	return MAX(bytes, (uint64_t)ENTRY_BYTES);
}

/* A program begins without a caller, whatever is said about it (the loader's says nothing). */
static void add_entry(struct rows *rows, const struct elf_file *elf)
{
	uint64_t entry = elf_file_entry(elf);

	if (!entry)
		return;
	rows->source = SOURCE_ENTRY;
	rows_first_function(rows, entry, entry + ENTRY_BYTES);
	rows->source = SOURCE_FIRST;
	rows_first_function(rows, entry, entry + entry_bytes(elf, entry));
}

static void add_size(void *ret_bytes, const char *name, uint64_t address, uint64_t size)
{
	(void)name, (void)address;
	*(uint64_t *)ret_bytes += size;
}

/* Do the rows speak of less than half of the code? Then what a separate debug file says is worth
 * reading. */
static bool covers_little(const struct rows *rows, const struct elf_file *elf)
{
	uint64_t code = 0, covered = 0;

	elf_file_code_sections(elf, add_size, &code);
	for (size_t i = 0; i < rows->n_functions; i++)
		covered += rows->functions[i].bytes;
	return covered < code / 2;
}

struct table_head *compile_table(struct elf_file *elf, struct elf_file *debug)
{
	struct rows rows auto_release(rows_release) = {0};
	struct elf_section s = elf_file_section(elf, ".eh_frame");
	struct ends ends = {.elf = elf, .rows = &rows};
	bool is_go;

	elf_file_code_range(elf, &rows.min, &rows.max);
	is_go = add_go(&rows, elf);
	if (!s.bytes)
		s = eh_frame_by_header(elf);
	add_cfi(&rows, &s, false);
	/* What Go's linker writes there says the same as its own table. */
	s = is_go ? (struct elf_section){0} : elf_file_section(elf, ".debug_frame");
	if (!s.bytes && debug && covers_little(&rows, elf))
		s = elf_file_section(debug, ".debug_frame");
	add_cfi(&rows, &s, true);
	rows.source = SOURCE_FIRST;
	/* The libraries that start threads are small; large programs do it through those. */
	if (elf_file_symbol_bytes(elf) <= MAX_SYMBOL_BYTES) {
		elf_file_symbols(elf, add_first, &ends);
		first_search_release(&ends.search);
		rows.source = SOURCE_ENTRY;
		if (ends.has_contexts)
			bottoms_compile(elf, &rows);
	}
	add_entry(&rows, elf);
	rows.source = SOURCE_PLT;
	elf_file_code_sections(elf, add_plt, &rows);
	startfiles_compile(elf, &rows);
	rows_sort(&rows);
	rows.source = SOURCE_SCAN;
	scan_compile(elf, debug, &rows);
	rows_sort(&rows);
	return table_build(&rows);
}
