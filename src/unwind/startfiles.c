/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of the start files' code. */
#include "unwind/startfiles.h"

#include "base/mem.h"

#include <string.h>

static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};

static void add(struct rows *rows, uint64_t address, unsigned pushed)
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
	size_t skip;

	if (!bytes || s.n < sizeof(begin) + sizeof(end))
		return;
	skip = memcmp(bytes, endbr64, sizeof(endbr64)) == 0 ? sizeof(endbr64) : 0;
	if (s.n < skip + sizeof(begin) + sizeof(end) ||
	    memcmp(bytes + skip, begin, sizeof(begin)) != 0 ||
	    memcmp(bytes + s.n - sizeof(end), end, sizeof(end)) != 0)
		return;
	rows_function(rows, s.address, s.address + s.n);
	add(rows, s.address, 0);
	add(rows, s.address + skip + sizeof(begin), 8);
	add(rows, s.address + s.n - 1, 0);
}

/* Where __do_global_dtors_aux begins ("if (completed) return; push"), before which lie the two that
 * it and frame_dummy call; `end`: none. */
static size_t find_dtors(const uint8_t *bytes, size_t end)
{
	enum { SHAPE_BYTES = 10 }; /* cmpb $0,completed(%rip); jne; push %rbp */

	for (size_t i = 0; i + SHAPE_BYTES < end; i++) {
		const uint8_t *p = memchr(bytes + i, 0x80, end - SHAPE_BYTES - i);

		if (!p)
			break;
		i = (size_t)(p - bytes);
		if (p[1] == 0x3d && p[6] == 0 && p[7] == 0x75 && p[9] == 0x55)
			return i;
	}
	return end;
}

/* Where a near call or jump at `at` goes; its own place when that is not within the section. */
static size_t branch_target(const uint8_t *bytes, size_t n, size_t at)
{
	int32_t distance = (int8_t)bytes[at + 1];
	size_t length = 2, target;

	if (bytes[at] != 0xeb) {
		length = 5;
		memcpy(&distance, bytes + at + 1, sizeof(distance));
	}
	target = at + length + (size_t)(ptrdiff_t)distance;
	return target < n ? target : at;
}

/*
 * deregister_tm_clones, register_tm_clones, __do_global_dtors_aux and frame_dummy, which lie
 * together at the beginning of the code of the compiler's start files. Proof: the third one calls
 * the first.
 */
static void add_crtbegin(struct rows *rows, const struct elf_file *elf)
{
	enum { MAX_BEFORE = 4 << 20, MAX_DTORS = 128, MAX_CLONES = 256, FRAME_DUMMY = 9 };
	struct elf_section s = elf_file_section(elf, ".text");
	const uint8_t *bytes = s.bytes;
	size_t n = MIN(s.n, (size_t)MAX_BEFORE), dtors, pop, clones, end;

	if (!bytes || (dtors = find_dtors(bytes, n)) == n)
		return;
	/* ... call deregister_tm_clones; movb $1,completed(%rip); pop %rbp; ret */
	for (pop = dtors + 10; pop + 2 < n && pop < dtors + MAX_DTORS; pop++)
		if (bytes[pop] == 0x5d && bytes[pop + 1] == 0xc3)
			break;
	if (pop + 2 >= n || bytes[pop] != 0x5d || pop < dtors + 22 || bytes[pop - 12] != 0xe8 ||
	    bytes[pop - 7] != 0xc6 || bytes[pop - 6] != 0x05)
		return;
	clones = branch_target(bytes, n, pop - 12);
	if (clones >= dtors || dtors - clones > MAX_CLONES)
		return;
	/* frame_dummy, next or after padding, only jumps to register_tm_clones. */
	end = (pop + 2 + 15) & ~(size_t)15;
	for (size_t at = end; at <= end + 16 && at + FRAME_DUMMY < n; at += 16) {
		size_t jump = at + (memcmp(bytes + at, endbr64, sizeof(endbr64)) ? 0 : 4), to;

		if (bytes[jump] != 0xe9 && bytes[jump] != 0xeb)
			continue;
		to = branch_target(bytes, n, jump);
		if (to > clones && to < dtors) {
			end = at + FRAME_DUMMY;
			break;
		}
	}
	rows_function(rows, s.address + clones, s.address + MIN(end, n));
	add(rows, s.address + clones, 0);
	add(rows, s.address + dtors + 10, 8);
	add(rows, s.address + pop + 1, 0);
}

void startfiles_compile(const struct elf_file *elf, struct rows *rows)
{
	add_init(rows, elf, ".init");
	add_init(rows, elf, ".fini");
	add_crtbegin(rows, elf);
}
