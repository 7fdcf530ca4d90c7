/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes unwind rules of code itself. */
#include "unwind/scan.h"

#include "base/mem.h"
#include "base/sort.h"
#include "unwind/flow.h"

#include <string.h>

enum {
	MAX_SCAN_BYTES = 24 << 20,
	PIECE_BYTES = 1 << 20,
	MIN_GAP_BYTES = 16,
	MAX_BEGINNINGS = 1 << 20,
	MAX_SECTIONS = 4096,
};

struct gap {
	uint64_t from, to;
};

struct scan {
	const struct elf_file *elf;
	struct rows *rows;
	struct gap *gaps;
	size_t n_gaps, cap_gaps;
	uint64_t gap_bytes; /* no more than a little beyond MAX_SCAN_BYTES */
	size_t n_sections;
	uint64_t *beginnings; /* of functions, by address */
	size_t n_beginnings, cap_beginnings;
};

/* -- what is not covered -- */

static void add_gap(struct scan *s, uint64_t from, uint64_t to)
{
	if (to <= from || to - from < MIN_GAP_BYTES)
		return;
	array_reserve(s->gaps, s->cap_gaps, s->n_gaps + 1);
	s->gaps[s->n_gaps++] = (struct gap){from, to};
	s->gap_bytes += MIN(to - from, (uint64_t)MAX_SCAN_BYTES + 1);
}

/* The last function that begins at or before the address, or the first one. (One before it may
 * reach further, where they overlap: what is scanned twice counts once.) */
static size_t functions_from(const struct rows *rows, uint64_t address)
{
	size_t n = count_before(rows->n_functions, i, rows->functions[i].lo <= address);

	return n ? n - 1 : 0;
}

/* The parts of a section that lie in no function of the rows. */
static void add_gaps(void *scan, const char *name, uint64_t address, uint64_t size)
{
	struct scan *s = scan;
	uint64_t at = address, end = address + size;

	(void)name;
	if (end < address || s->gap_bytes > MAX_SCAN_BYTES || ++s->n_sections > MAX_SECTIONS)
		return;
	for (size_t i = functions_from(s->rows, address); i < s->rows->n_functions && at < end;
	     i++) {
		const struct row_function *f = &s->rows->functions[i];

		if (f->lo >= end)
			break;
		if (f->lo > at)
			add_gap(s, at, f->lo);
		at = MAX(at, f->lo + f->bytes);
	}
	if (at < end)
		add_gap(s, at, end);
}

/* -- where functions begin -- */

static void add_beginning(void *scan, const struct elf_symbol *symbol)
{
	struct scan *s = scan;

	if (!symbol->is_function || s->n_beginnings == MAX_BEGINNINGS)
		return;
	array_reserve(s->beginnings, s->cap_beginnings, s->n_beginnings + 1);
	s->beginnings[s->n_beginnings++] = symbol->address;
}

/* Of the sorted beginnings the first one that is not below the address. */
static size_t beginning_from(const struct scan *s, uint64_t address)
{
	return count_before(s->n_beginnings, i, s->beginnings[i] < address);
}

/* -- pieces -- */

/* Where to cut a large gap, at or before `end`: at a function, if one begins in its last half. */
static uint64_t piece_end(const struct scan *s, uint64_t from, uint64_t end)
{
	size_t i = beginning_from(s, end);

	if (i && s->beginnings[i - 1] > from + PIECE_BYTES / 2)
		return s->beginnings[i - 1];
	return end & ~(uint64_t)15;
}

/* The instructions that follow one another from `offset` on, as a function of the rows. */
static uint32_t scan_add_run(struct rows *rows, struct flow *f, uint64_t address, uint32_t offset,
			     uint32_t n)
{
	uint32_t end = offset, length = 1;

	for (; end < n && length; end += length)
		length = flow_length(f, end);
	rows_function(rows, address + offset, address + MIN(end, n));
	for (; offset < end; offset += length) {
		length = flow_length(f, offset);
		rows_add(rows, address + offset, flow_rule(f, offset));
		if (flow_hides_bottom(f, offset))
			rows_add(rows, address + offset + length - 1, RULE(CFA_END, 0, 0, 0, 0));
	}
	return end;
}

static void scan_piece(struct scan *s, struct insn_reader *reader, uint64_t from, uint64_t to)
{
	uint32_t n = (uint32_t)(to - from), offset = 0;
	auto_free uint8_t *code = mem_alloc(n);
	struct flow *f;

	if (!elf_file_read(s->elf, from, code, n))
		return;
	f = flow_new(reader, code, n, from);
	for (size_t i = beginning_from(s, from); i < s->n_beginnings && s->beginnings[i] < to; i++)
		flow_begins(f, (uint32_t)(s->beginnings[i] - from));
	flow_follow(f);
	while (offset < n)
		offset = flow_length(f, offset) ? scan_add_run(s->rows, f, from, offset, n)
						: offset + 1;
	flow_free(f);
}

static void scan_gap(struct scan *s, struct insn_reader *reader, const struct gap *gap)
{
	uint64_t from = gap->from, to;

	while (from < gap->to) {
		to = gap->to;
		if (to - from > PIECE_BYTES)
			to = piece_end(s, from, from + PIECE_BYTES);
		scan_piece(s, reader, from, to);
		from = to;
	}
}

void scan_compile(struct elf_file *elf, struct elf_file *debug, struct rows *rows)
{
	struct scan s = {.elf = elf, .rows = rows};
	struct insn_reader *reader = NULL;

	elf_file_code_sections(elf, add_gaps, &s);
	if (s.n_gaps && s.gap_bytes <= MAX_SCAN_BYTES)
		reader = insn_reader_new();
	if (reader) {
		elf_file_symbols(elf, add_beginning, &s);
		if (debug)
			elf_file_symbols(debug, add_beginning, &s);
		if (s.n_beginnings)
			qsort(s.beginnings, s.n_beginnings, sizeof(*s.beginnings), compare_u64);
		for (size_t i = 0; i < s.n_gaps; i++)
			scan_gap(&s, reader, &s.gaps[i]);
	}
	insn_reader_free(reader);
	free(s.gaps);
	free(s.beginnings);
}
