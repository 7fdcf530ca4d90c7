/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known, before an instruction, of where the caller's frame lies: made of the instructions
 * before it, for code about which its file says nothing.
 *
 * Shape: the CFA is the address behind the return address, as in DWARF. Offsets count from the CFA
 *        downwards ("the stack pointer is 24 below it") unless said otherwise; what is not known is
 *        left out, and two paths that meet keep what they agree in.
 * Units: bytes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "elf/insn.h"

enum where {
	WHERE_UNKNOWN,
	WHERE_CFA,     /* at a known distance below the CFA */
	WHERE_ALIGNED, /* below an address that was rounded down */
	WHERE_CALLERS, /* of the frame pointer: not touched, it is the caller's */
};

struct stack_state {
	int32_t sp, fp;  /* below the CFA, or below the aligned address */
	int32_t saved;   /* where the caller's frame pointer was saved, below the CFA; 0: nowhere */
	int32_t copy;    /* `copy_register` is so far below the CFA */
	int32_t slot;    /* a word so far below the aligned address holds */
	int32_t slot_is; /* an address so far below the CFA */
	uint8_t sp_where, fp_where;
	uint8_t copy_register; /* NO_REGISTER: there is none */
	bool has_slot;
};

/* At the first instruction of a function; or at any, where the stack pointer is `sp` below the CFA
 * and the frame pointer is the caller's. */
struct stack_state stack_state_begin(int32_t sp);
bool stack_state_equal(const struct stack_state *a, const struct stack_state *b);
/* What both say. */
struct stack_state stack_state_meet(const struct stack_state *a, const struct stack_state *b);
/* Behind the instruction. */
void stack_state_step(struct stack_state *s, const struct insn *in);
/* The rule for a frame in this state, marked as one of a scan; 0: there is none. */
uint64_t stack_state_rule(const struct stack_state *s);
