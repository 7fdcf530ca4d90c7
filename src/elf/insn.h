/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One x86-64 instruction, as far as it tells where a stack leads: where it goes, and what becomes
 * of the registers that hold addresses of the stack (capstone, where insn_plain() does not do).
 *
 * Shape: registers have DWARF's numbers, 0 to 15. An instruction that is not known by what it does
 *        to addresses of the stack still tells all registers that it writes.
 * Owner: insn_reader_free().
 * Threads: one a reader.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum insn_flow {
	FLOW_NEXT,
	FLOW_JUMP,   /* to `target` */
	FLOW_BRANCH, /* there or on */
	FLOW_CALL,   /* `target`, then on */
	FLOW_INDIRECT_CALL,
	FLOW_INDIRECT_JUMP,
	FLOW_RETURN,
	FLOW_STOP, /* nothing follows */
	FLOW_SYSCALL
};

enum insn_effect {
	EFFECT_OTHER, /* `writes` says all */
	EFFECT_SET,   /* to = from + value */
	EFFECT_CONST, /* to = value, of which `bytes` are written */
	EFFECT_ALIGN, /* to is rounded down */
	EFFECT_PUSH,  /* `from`, or NO_REGISTER */
	EFFECT_POP,   /* to, or NO_REGISTER */
	EFFECT_LOAD,  /* to = the word at from + value */
	EFFECT_STORE, /* the word at to + value = from */
	EFFECT_LEAVE,
};

enum {
	NO_REGISTER = 16,
	/* Registers that calls need not preserve, one bit each: rax, rdx, rcx, rsi, rdi, r8 to r11.
	 */
	CALLERS_SAVE = 1u << 0 | 1u << 1 | 1u << 2 | 1u << 4 | 1u << 5 | 0xf00,
};

struct insn {
	uint8_t length;
	uint8_t flow;   /* enum insn_flow */
	uint8_t effect; /* enum insn_effect */
	uint8_t to, from;
	uint8_t bytes;
	bool is_padding;
	uint32_t writes; /* registers, one bit each, beside those that the effect names */
	int64_t value;
	uint64_t target;
};

/* Does the next instruction follow it, now or when what it calls returns? */
static inline bool insn_goes_on(const struct insn *in)
{
	return in->flow != FLOW_JUMP && in->flow != FLOW_INDIRECT_JUMP && in->flow != FLOW_RETURN &&
	       in->flow != FLOW_STOP;
}

struct insn_reader;

/* NULL when there is no disassembler. */
struct insn_reader *insn_reader_new(void);
void insn_reader_free(struct insn_reader *r);
/* The instruction that begins `code`, `n` bytes that lie at `address`; false: there is none. */
bool insn_read(struct insn_reader *r, const uint8_t *code, size_t n, uint64_t address,
	       struct insn *ret);
