/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decodes instructions that do not concern the stack. */
#include "elf/insn_plain.h"

#include "base/mem.h"

#include <stdbool.h>

enum {
	MAX_BYTES = 15,
	SP = 4, /* registers as instructions number them */
	FP = 5,
	REX_W = 8,
	REX_R = 4,
	REX_B = 1,
};

/* What follows an opcode, and what it does to general registers. */
enum {
	PLAIN = 1,
	IMM8 = 2,
	IMM32 = 4,   /* 2 bytes with an operand size prefix */
	GENERAL = 8, /* its operands are general registers; else vectors */
	WORDS = 16,  /* it moves words to or from memory, or computes addresses */
	NO_MODRM = 32,
};

struct opcode_range {
	uint8_t first, last, flags;
};

/* In order. */
static const struct opcode_range one_byte[] = {
	{0x00, 0x03, PLAIN | GENERAL},          {0x08, 0x0b, PLAIN | GENERAL},
	{0x10, 0x13, PLAIN | GENERAL},          {0x18, 0x1b, PLAIN | GENERAL},
	{0x20, 0x23, PLAIN | GENERAL},          {0x28, 0x2b, PLAIN | GENERAL},
	{0x30, 0x30, PLAIN | GENERAL},          {0x32, 0x32, PLAIN | GENERAL},
	{0x38, 0x3b, PLAIN | GENERAL},          {0x63, 0x63, PLAIN | GENERAL},
	{0x69, 0x69, PLAIN | GENERAL | IMM32},  {0x6b, 0x6b, PLAIN | GENERAL | IMM8},
	{0x80, 0x80, PLAIN | GENERAL | IMM8},   {0x81, 0x81, PLAIN | GENERAL | IMM32},
	{0x83, 0x83, PLAIN | GENERAL | IMM8},   {0x84, 0x85, PLAIN | GENERAL},
	{0x88, 0x88, PLAIN | GENERAL},          {0x8a, 0x8a, PLAIN | GENERAL},
	{0x89, 0x89, PLAIN | GENERAL | WORDS},  {0x8b, 0x8b, PLAIN | GENERAL | WORDS},
	{0x8d, 0x8d, PLAIN | GENERAL | WORDS},  {0xa8, 0xa8, PLAIN | IMM8 | NO_MODRM},
	{0xa9, 0xa9, PLAIN | IMM32 | NO_MODRM}, {0xc0, 0xc1, PLAIN | GENERAL | IMM8},
	{0xc6, 0xc6, PLAIN | GENERAL | IMM8},   {0xc7, 0xc7, PLAIN | GENERAL | IMM32},
	{0xd0, 0xd3, PLAIN | GENERAL},
};

/* Behind 0f. */
static const struct opcode_range two_bytes[] = {
	{0x10, 0x17, PLAIN},
	{0x28, 0x2b, PLAIN},
	{0x2c, 0x2d, PLAIN | GENERAL},
	{0x2e, 0x2f, PLAIN},
	{0x40, 0x4f, PLAIN | GENERAL},
	{0x50, 0x50, PLAIN | GENERAL},
	{0x51, 0x6f, PLAIN},
	{0x70, 0x70, PLAIN | IMM8},
	{0x71, 0x73, PLAIN | IMM8},
	{0x74, 0x76, PLAIN},
	{0x7e, 0x7e, PLAIN | GENERAL},
	{0x7f, 0x7f, PLAIN},
	{0x90, 0x9f, PLAIN | GENERAL},
	{0xa3, 0xa3, PLAIN | GENERAL},
	{0xa4, 0xa4, PLAIN | GENERAL | IMM8},
	{0xa5, 0xa5, PLAIN | GENERAL},
	{0xab, 0xab, PLAIN | GENERAL},
	{0xac, 0xac, PLAIN | GENERAL | IMM8},
	{0xad, 0xad, PLAIN | GENERAL},
	{0xaf, 0xaf, PLAIN | GENERAL},
	{0xb6, 0xb7, PLAIN | GENERAL},
	{0xba, 0xba, PLAIN | GENERAL | IMM8},
	{0xbc, 0xbf, PLAIN | GENERAL},
	{0xc2, 0xc2, PLAIN | IMM8},
	{0xc4, 0xc4, PLAIN | IMM8},
	{0xc5, 0xc5, PLAIN | GENERAL | IMM8},
	{0xc6, 0xc6, PLAIN | IMM8},
	{0xd1, 0xd6, PLAIN},
	{0xd7, 0xd7, PLAIN | GENERAL},
	{0xd8, 0xfe, PLAIN},
};

static uint8_t find_flags(const struct opcode_range *ranges, size_t n, uint8_t opcode)
{
	size_t low = 0;

	while (low < n && ranges[low].last < opcode)
		low++;
	return low < n && ranges[low].first <= opcode ? ranges[low].flags : 0;
}

/* -- operands -- */

/* Bytes of ModR/M, SIB and displacement; `code` is at the first. */
static unsigned modrm_bytes(const uint8_t *code)
{
	unsigned mod = code[0] >> 6;
	bool sib = mod != 3 && (code[0] & 7) == 4;
	bool far = mod == 2 || (mod == 0 && ((code[0] & 7) == 5 || (sib && (code[1] & 7) == 5)));

	return 1 + sib + (far ? 4 : mod == 1);
}

unsigned insn_register(unsigned reg)
{
	static const uint8_t numbers[] = {0, 2, 1, 3, 7, 6, 4, 5};

	return reg < ARRAY_SIZE(numbers) ? numbers[reg] : reg;
}

static uint32_t register_bit(unsigned reg)
{
	return 1u << insn_register(reg);
}

struct operands {
	unsigned reg, rm; /* with what extends them */
	bool is_memory;
	unsigned base; /* of memory; 16: none */
};

static struct operands operands_of(const uint8_t *code, unsigned rex)
{
	struct operands o = {.base = 16};

	o.reg = (code[0] >> 3 & 7) | (rex & REX_R ? 8 : 0);
	o.rm = (code[0] & 7) | (rex & REX_B ? 8 : 0);
	o.is_memory = code[0] >> 6 != 3;
	if (!o.is_memory)
		return o;
	if ((code[0] & 7) == 4)
		o.base = (code[1] & 7) | (rex & REX_B ? 8 : 0);
	else if (code[0] >> 6 || (code[0] & 7) != 5)
		o.base = o.rm;
	return o;
}

static bool concerns_stack(unsigned reg)
{
	return reg == SP || reg == FP;
}

/* -- vectors -- */

/* Has the vector instruction an immediate byte behind all else? */
static bool has_immediate(unsigned map, uint8_t opcode)
{
	return map == 3 ||
	       (map == 1 && (find_flags(two_bytes, ARRAY_SIZE(two_bytes), opcode) & IMM8));
}

/* May it write a general register? */
static bool is_general_vector(unsigned map, uint8_t opcode)
{
	if (map == 1)
		return opcode >= 0x70 && opcode <= 0x7b
			       ? opcode == 0x78 || opcode == 0x79
			       : find_flags(two_bytes, ARRAY_SIZE(two_bytes), opcode) & GENERAL ||
					 (opcode >= 0x90 && opcode <= 0x9f);
	return map == 2 ? opcode >= 0xf0 : (opcode >= 0x14 && opcode <= 0x17) || opcode >= 0xf0;
}

struct vector {
	unsigned map, at; /* of the opcode */
};

static bool vector_prefix(const uint8_t *code, size_t n, struct vector *ret)
{
	if (n < MAX_BYTES)
		return false;
	if (code[0] == 0x62)
		*ret = (struct vector){code[1] & 7, 4};
	else if (code[0] == 0xc4)
		*ret = (struct vector){code[1] & 31, 3};
	else if (code[0] == 0xc5)
		*ret = (struct vector){1, 2};
	else
		return false;
	return ret->map >= 1 && ret->map <= 6;
}

unsigned insn_vector_length(const uint8_t *code, size_t n)
{
	struct vector v;

	if (!vector_prefix(code, n, &v))
		return 0;
	/* vzeroupper and vzeroall have no operands. */
	if (v.map == 1 && code[v.at] == 0x77)
		return v.at + 1;
	return v.at + 1 + modrm_bytes(code + v.at + 1) + has_immediate(v.map, code[v.at]);
}

static unsigned plain_vector(const uint8_t *code, size_t n, uint32_t *ret_writes)
{
	struct vector v;

	*ret_writes = 0;
	if (!vector_prefix(code, n, &v) || v.map > 3 || is_general_vector(v.map, code[v.at]))
		return 0;
	return insn_vector_length(code, n);
}

/* -- all others -- */

/* Opcodes whose operands say what they do. */
static bool is_plain_group(uint8_t opcode, const uint8_t *modrm, unsigned *ret_more,
			   uint32_t *ret_writes)
{
	unsigned which = modrm[0] >> 3 & 7;

	if (opcode == 0xc6 || opcode == 0xc7)
		return which == 0;
	if (opcode != 0xf6 && opcode != 0xf7)
		return true;
	/* test has a constant; mul and div write rax and rdx */
	if (which < 2)
		*ret_more = opcode == 0xf6 ? 1 : 4;
	else if (which >= 4)
		*ret_writes |= 3;
	return true;
}

static unsigned plain_operands(const uint8_t *code, unsigned at, unsigned flags, unsigned rex,
			       uint8_t opcode, bool half, uint32_t *ret_writes)
{
	struct operands o = operands_of(code + at, rex);
	unsigned more = 0;

	*ret_writes = 0;
	if (!is_plain_group(opcode, code + at, &more, ret_writes))
		return 0;
	if (half && more == 4)
		more = 2;
	if (flags & GENERAL) {
		/* A byte of them may be numbered so, too, which costs nothing but time. */
		if (concerns_stack(o.reg) || (!o.is_memory && concerns_stack(o.rm)) ||
		    (flags & WORDS && o.is_memory && concerns_stack(o.base)))
			return 0;
		*ret_writes |= register_bit(o.reg) | (o.is_memory ? 0 : register_bit(o.rm));
		/* Bytes without a prefix: 4 to 7 are the second bytes of the first four. */
		if (!rex)
			*ret_writes |=
				(*ret_writes & (register_bit(6) | register_bit(7))) ? 3 | 4 | 8 : 0;
	}
	if (flags & IMM32)
		more += half ? 2 : 4;
	return at + modrm_bytes(code + at) + (flags & IMM8 ? 1 : 0) + more;
}

unsigned insn_plain(const uint8_t *code, size_t n, uint32_t *ret_writes)
{
	unsigned at = 0, rex = 0, flags, more;
	bool half = false, repeats = false;
	uint8_t opcode;

	if (n < MAX_BYTES)
		return 0;
	if (code[0] == 0x62 || code[0] == 0xc4 || code[0] == 0xc5)
		return plain_vector(code, n, ret_writes);
	for (; code[at] == 0x66 || code[at] == 0xf2 || code[at] == 0xf3; at++) {
		if (at == 3)
			return 0;
		half |= code[at] == 0x66;
		repeats |= code[at] != 0x66;
	}
	if ((code[at] & 0xf0) == 0x40)
		rex = code[at++];
	opcode = code[at++];
	if (opcode == 0x0f) {
		opcode = code[at++];
		flags = find_flags(two_bytes, ARRAY_SIZE(two_bytes), opcode);
		if (opcode == 0x38 || opcode == 0x3a) {
			flags = PLAIN | (opcode == 0x3a ? IMM8 : 0);
			opcode = code[at++];
			if (opcode >= 0xf0 || (flags & IMM8 && opcode >= 0x14 && opcode <= 0x17))
				return 0;
		}
		/* No group of the one-byte opcodes. */
		opcode = 0;
	} else {
		flags = find_flags(one_byte, ARRAY_SIZE(one_byte), opcode);
		if (opcode == 0xf6 || opcode == 0xf7)
			flags = PLAIN | GENERAL;
		if (repeats)
			return 0;
	}
	if (!flags)
		return 0;
	if (rex & REX_W)
		half = false;
	if (flags & NO_MODRM) {
		*ret_writes = 0;
		more = half ? 2 : 4;
		return at + (flags & IMM8 ? 1 : more);
	}
	return plain_operands(code, at, flags, rex, opcode, half, ret_writes);
}
