/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of the start files' code. */
#include "unwind/startfiles.h"

#include "base/mem.h"
#include "base/str.h"
#include "elf/plt.h"

#include <string.h>

static void startfiles_add(struct rows *rows, uint64_t address, unsigned pushed)
{
	rows_add(rows, address, RULE(CFA_SP, 8 + pushed, FP_SAME, 0, RA_AT_CFA));
}

/* .init and .fini. */
static void add_init(struct rows *rows, const struct elf_file *elf, const char *name)
{
	static const uint8_t begin[] = {0x48, 0x83, 0xec, 0x08},
			     end[] = {0x48, 0x83, 0xc4, 0x08, 0xc3};
	struct elf_section s = elf_file_section(elf, name);
	const uint8_t *bytes = s.bytes;
	size_t skip = bytes ? landing_pad(bytes, s.n) : 0;

	if (!bytes || s.n < skip + sizeof(begin) + sizeof(end) ||
	    memcmp(bytes + skip, begin, sizeof(begin)) != 0 ||
	    memcmp(bytes + s.n - sizeof(end), end, sizeof(end)) != 0)
		return;
	rows_function(rows, s.address, s.address + s.n);
	startfiles_add(rows, s.address, 0);
	startfiles_add(rows, s.address + skip + sizeof(begin), 8);
	startfiles_add(rows, s.address + s.n - 1, 0);
}

/* Where a near call or jump at `at` goes; `n`, the end, when that is not within the section. */
static size_t branch_target(const uint8_t *bytes, size_t n, size_t at)
{
	int32_t distance = (int8_t)bytes[at + 1];
	size_t length = 2;

	if (bytes[at] != 0xeb) {
		length = 5;
		memcpy(&distance, bytes + at + 1, sizeof(distance));
	}
	return MIN(at + length + (size_t)(ptrdiff_t)distance, n);
}

/* "if (completed) return; push": as __do_global_dtors_aux begins, behind its landing pad. */
enum { BEGIN_BYTES = 10, CALL_TO_POP = 12, ALIGN = 16 };

static size_t next_begin(const uint8_t *bytes, size_t n, size_t at)
{
	const uint8_t *p;

	for (; at + BEGIN_BYTES < n; at++) {
		p = memchr(bytes + at, 0x80, n - BEGIN_BYTES - at);
		if (!p)
			break;
		at = (size_t)(p - bytes);
		if (p[1] == 0x3d && p[6] == 0 && p[7] == 0x75 && p[9] == 0x55)
			return at;
	}
	return n;
}

/* Where what begins at `from` ends, with "deregister_tm_clones(); completed = 1; pop; ret": at that
 * pop. */
static size_t find_pop(const uint8_t *bytes, size_t n, size_t from)
{
	enum { MAX_BYTES = 128 };

	for (size_t at = from + BEGIN_BYTES + CALL_TO_POP; at + 1 < MIN(n, from + MAX_BYTES); at++)
		if (bytes[at] == 0x5d && bytes[at + 1] == 0xc3)
			return bytes[at - CALL_TO_POP] == 0xe8 && bytes[at - 7] == 0xc6 &&
					       bytes[at - 6] == 0x05
				       ? at
				       : n;
	return n;
}

/* Where frame_dummy ends, which follows, perhaps after padding, and only jumps into what lies from
 * `lo` to `hi`; else where the padding does. */
static size_t find_end(const uint8_t *bytes, size_t n, size_t at, size_t lo, size_t hi)
{
	enum { JUMP = 5 };
	size_t begin = (at + ALIGN - 1) & ~(size_t)(ALIGN - 1);

	for (at = begin; at <= begin + ALIGN && at < n; at += ALIGN) {
		size_t jump = at + landing_pad(bytes + at, n - at), to = n;

		if (jump + JUMP <= n && (bytes[jump] == 0xe9 || bytes[jump] == 0xeb))
			to = branch_target(bytes, n, jump);
		if (to > lo && to < hi)
			return jump + JUMP;
	}
	return MIN(begin, n);
}

/*
 * deregister_tm_clones, register_tm_clones, __do_global_dtors_aux and frame_dummy, which lie
 * together at the beginning of the code of the compiler's start files. Proof: the third one calls
 * the first. False: they are not among these bytes.
 */
static bool find_crtbegin(struct rows *rows, uint64_t address, const uint8_t *bytes, size_t n)
{
	enum { MAX_CLONES = 256 };

	for (size_t at = 0; (at = next_begin(bytes, n, at)) < n; at++) {
		size_t pop = find_pop(bytes, n, at);
		size_t clones = pop < n ? branch_target(bytes, n, pop - CALL_TO_POP) : n;

		if (clones >= at || at - clones > MAX_CLONES)
			continue;
		rows_function(rows, address + clones,
			      address + find_end(bytes, n, pop + 2, clones, at));
		startfiles_add(rows, address + clones, 0);
		startfiles_add(rows, address + at + BEGIN_BYTES, 8);
		startfiles_add(rows, address + pop + 1, 0);
		return true;
	}
	return false;
}

struct text_section {
	uint64_t from, to;
};

static void startfiles_note_text(void *text, const char *name, uint64_t address, uint64_t size)
{
	if (str_equal(name, ".text"))
		*(struct text_section *)text = (struct text_section){address, address + size};
}

/* They lie near a program's entry, and seldom far from where a library's code begins. */
static void add_crtbegin(struct rows *rows, const struct elf_file *elf)
{
	enum { FIRST_BYTES = 1 << 16, MAX_BYTES = 1 << 22 };
	uint64_t entry = elf_file_entry(elf);
	struct text_section text = {0};
	bool found = false;
	size_t n = 0, all;

	elf_file_code_sections(elf, startfiles_note_text, &text);
	if (entry < text.to && entry > text.from + FIRST_BYTES / 2)
		text.from = (entry - FIRST_BYTES / 2) & ~(uint64_t)(ALIGN - 1);
	all = MIN(text.to - text.from, (uint64_t)MAX_BYTES);
	while (!found && n < all) {
		auto_free uint8_t *bytes = NULL;

		n = MIN(n ? n * 8 : FIRST_BYTES, all);
		bytes = mem_alloc(n);
		if (!elf_file_read(elf, text.from, bytes, n))
			return;
		found = find_crtbegin(rows, text.from, bytes, n);
	}
}

void startfiles_compile(const struct elf_file *elf, struct rows *rows)
{
	add_init(rows, elf, ".init");
	add_init(rows, elf, ".fini");
	add_crtbegin(rows, elf);
}
