/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions that no symbol table lists. */
#include "elf/plt.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/sort.h"
#include "base/str.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

enum { MAX_NAME = 1024, MAX_RELOCATIONS = 1 << 20 };

/* -- foo@plt -- */

struct plt {
	struct sections *sections;
	struct elf_section symbols, names, jumps; /* .dynsym, .dynstr, .rela.plt */
	struct map64 by_slot;                     /* address in .got -> number of a symbol */
	elf_visit *visit;
	void *ctx;
};

static bool get_relocation(const struct elf_section *s, size_t i, Elf64_Rela *ret)
{
	if (i >= s->n / sizeof(*ret))
		return false;
	memcpy(ret, (const char *)s->bytes + i * sizeof(*ret), sizeof(*ret));
	return true;
}

static void add_slots(struct plt *p, const char *name)
{
	struct elf_section s = sections_get(p->sections, name);
	Elf64_Rela r;

	for (size_t i = 0; i < MAX_RELOCATIONS && get_relocation(&s, i, &r); i++) {
		uint32_t type = (uint32_t)r.r_info;

		if ((type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT) && ~r.r_offset)
			map64_set(&p->by_slot, r.r_offset, r.r_info >> 32);
	}
}

static void visit_entry(struct plt *p, uint64_t address, uint64_t bytes, uint64_t number)
{
	char name[MAX_NAME];
	Elf64_Sym symbol;
	struct elf_symbol s = {.name = name,
			       .address = address,
			       .size = bytes,
			       .reach = bytes,
			       .is_function = true};
	size_t left;

	if (!number || number >= p->symbols.n / sizeof(symbol))
		return;
	memcpy(&symbol, (const char *)p->symbols.bytes + number * sizeof(symbol), sizeof(symbol));
	if (symbol.st_name >= p->names.n)
		return;
	left = p->names.n - symbol.st_name;
	snprintf(name, sizeof(name), "%.*s@plt", (int)MIN(left, sizeof(name) - 5),
		 (const char *)p->names.bytes + symbol.st_name);
	if (name[0] != '@')
		p->visit(p->ctx, &s);
}

size_t landing_pad(const uint8_t *code, size_t n)
{
	static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};

	return n >= sizeof(endbr64) && memcmp(code, endbr64, sizeof(endbr64)) == 0 ? sizeof(endbr64)
										   : 0;
}

/* The symbol that an entry jumps to: `jmp *slot(%rip)`, or by the number that a lazy one pushes. */
static uint64_t entry_number(const struct plt *p, const uint8_t *code, size_t n, uint64_t address)
{
	size_t at = landing_pad(code, n);
	int32_t operand;
	uint64_t number;
	Elf64_Rela r;

	at += at < n && code[at] == 0xf2; /* bnd */
	if (at + 6 <= n && code[at] == 0xff && code[at + 1] == 0x25) {
		memcpy(&operand, code + at + 2, sizeof(operand));
		return map64_find(&p->by_slot, address + at + 6 + (uint64_t)(int64_t)operand,
				  &number)
			       ? number
			       : 0;
	}
	if (at + 5 <= n && code[at] == 0x68) {
		memcpy(&operand, code + at + 1, sizeof(operand));
		return operand >= 0 && get_relocation(&p->jumps, (size_t)operand, &r)
			       ? r.r_info >> 32
			       : 0;
	}
	return 0;
}

static void add_entries(struct plt *p, const char *name, size_t step)
{
	struct elf_section s = sections_get(p->sections, name);

	for (size_t at = 0; s.n && at + step <= s.n; at += step) {
		uint64_t number =
			entry_number(p, (const uint8_t *)s.bytes + at, step, s.address + at);

		visit_entry(p, s.address + at, step, number);
	}
}

void plt_symbols(struct sections *s, elf_visit *visit, void *ctx)
{
	struct plt p = {.sections = s, .visit = visit, .ctx = ctx};
	struct elf_section got = sections_get(s, ".plt.got");

	p.symbols = sections_get(s, ".dynsym");
	p.names = sections_get(s, ".dynstr");
	p.jumps = sections_get(s, ".rela.plt");
	add_slots(&p, ".rela.plt");
	add_slots(&p, ".rela.dyn");
	add_entries(&p, ".plt", 16);
	add_entries(&p, ".plt.sec", 16);
	add_entries(&p, ".plt.got", landing_pad(got.bytes, got.n) ? 16 : 8);
	map64_release(&p.by_slot);
}

/* -- starts by .eh_frame_hdr -- */

/* The table of functions in order: its address and how many there are; 0: there is none. */
static uint64_t function_table(const struct elf_file *f, uint32_t *ret_n)
{
	uint64_t base = elf_file_eh_frame_hdr(f);
	struct {
		uint8_t version, pointer, count, table;
		int32_t frame;
		uint32_t n;
	} head;

	/* The encodings that every linker writes: 4 bytes, relative to the section. */
	if (!base || !elf_file_read(f, base, &head, sizeof(head)) || head.version != 1 ||
	    head.count != 0x03 || head.table != 0x3b)
		return 0;
	*ret_n = head.n;
	return base + sizeof(head);
}

struct function_entry {
	int32_t start, record; /* from the section's beginning */
};

static struct function_entry function_entry(const struct elf_file *f, uint64_t table, uint32_t i)
{
	struct function_entry e = {INT32_MAX, 0};

	elf_file_read(f, table + sizeof(e) * (uint64_t)i, &e, sizeof(e));
	return e;
}

/* How many functions begin at or before the address. */
static uint32_t functions_up_to(const struct elf_file *f, uint64_t table, uint32_t n,
				uint64_t address)
{
	int32_t want = (int32_t)(address - elf_file_eh_frame_hdr(f));

	return (uint32_t)count_before(n, i, function_entry(f, table, (uint32_t)i).start <= want);
}

bool function_range(const struct elf_file *f, uint64_t address, uint64_t *ret_start,
		    uint64_t *ret_bytes)
{
	uint32_t n, before;
	uint64_t table = function_table(f, &n), base = elf_file_eh_frame_hdr(f);
	struct function_entry entry;
	struct {
		uint32_t length, cie;
		int32_t start;
		uint32_t bytes;
	} frame;

	before = table ? functions_up_to(f, table, n, address) : 0;
	if (!before)
		return false;
	entry = function_entry(f, table, before - 1);
	*ret_start = base + (uint64_t)(int64_t)entry.start;
	*ret_bytes = UINT64_MAX;
	/* Its record says how far it goes, as far as its numbers are the usual ones. */
	if (elf_file_read(f, base + (uint64_t)(int64_t)entry.record, &frame, sizeof(frame)) &&
	    (uint32_t)entry.record + 8 + (uint32_t)frame.start == (uint32_t)entry.start)
		*ret_bytes = frame.bytes;
	return address - *ret_start < *ret_bytes;
}

void function_gap(const struct elf_file *f, uint64_t address, uint64_t *from, uint64_t *to)
{
	uint32_t n, before;
	uint64_t table = function_table(f, &n), start = 0, bytes = 0, next;

	if (!table)
		return;
	before = functions_up_to(f, table, n, address);
	if (before < n) {
		next = elf_file_eh_frame_hdr(f) +
		       (uint64_t)(int64_t)function_entry(f, table, before).start;
		*to = next > address ? MIN(*to, next) : *to;
	}
	if (before && !function_range(f, address, &start, &bytes))
		*from = MAX(*from, start + bytes);
}

/* -- a program's entry -- */

/* False: no function begins there. */
static bool visit_function(const struct elf_file *f, const char *name, uint64_t address,
			   elf_visit *visit, void *ctx)
{
	struct elf_symbol s = {.name = name, .address = address, .is_function = true};
	uint64_t start;

	if (!function_range(f, address, &start, &s.size) || start != address ||
	    s.size == UINT64_MAX)
		return false;
	s.reach = s.size;
	visit(ctx, &s);
	return true;
}

void entry_symbols(const struct elf_file *f, elf_visit *visit, void *ctx)
{
	enum { MAX_BYTES = 64, LENGTH = 7 };
	static const uint8_t lea_rdi[] = {0x48, 0x8d, 0x3d}, mov_rdi[] = {0x48, 0xc7, 0xc7};
	uint64_t entry = elf_file_entry(f);
	uint8_t code[MAX_BYTES];

	if (!entry || !visit_function(f, "_start", entry, visit, ctx) ||
	    !elf_file_read(f, entry, code, sizeof(code)))
		return;
	/* __libc_start_main's first argument. */
	for (size_t at = 0; at + LENGTH <= sizeof(code); at++) {
		bool is_lea = memcmp(code + at, lea_rdi, sizeof(lea_rdi)) == 0;
		int32_t operand;

		if (!is_lea && memcmp(code + at, mov_rdi, sizeof(mov_rdi)) != 0)
			continue;
		memcpy(&operand, code + at + sizeof(lea_rdi), sizeof(operand));
		visit_function(f, "main",
			       (uint64_t)(int64_t)operand + (is_lea ? entry + at + LENGTH : 0),
			       visit, ctx);
		return;
	}
}
