/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One step up a user stack, for both sides: from the registers of a frame to those of its caller.
 *
 * Whoever includes this says how the traced process's memory is read, 0 meaning that it was:
 * STEP_WORD(context, address, ret_word) reads an aligned word of the stack,
 * STEP_CODE(context, address, ret_bytes) eight bytes of code,
 * STEP_UCONTEXT(context, address, registers) the UCONTEXT_BYTES of a ucontext's general registers.
 */
#pragma once

#include "abi/code_bytes.h"
#include "abi/records.h"
#include "abi/unwind_frame.h"
#include "abi/verifier.h"

#define STEP_INLINE static inline __attribute__((always_inline))

enum {
	STEP_MAX_FRAME_BYTES =
		16 << 20, /* further away lies no frame but another use of the register */
	UCONTEXT_REGISTERS =
		40, /* in a ucontext: r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip */
	UCONTEXT_BYTES = N_REGS * 8,
};
#define STEP_ADDRESS_END 0x800000000000ull

/* What the word at an address of the stack is as a return address of the frame. */
STEP_INLINE enum call_kind step_call(STEP_CONTEXT context, const struct unwind_frame *f, __u64 at)
{
	__u64 ra = 0, bytes = 0;

	if (at & 7 || at >= STEP_ADDRESS_END || STEP_WORD(context, at, &ra) || ra < 4096 ||
	    ra >= STEP_ADDRESS_END || STEP_CODE(context, ra - 8, &bytes))
		return CALL_NONE;
	return call_kind(bytes, ra, f->pc);
}

/*
 * Where a leaf without unwind information stands. A function that has not touched the stack, or has
 * no frame, has its return address on top of it; what lies there is believed behind a call alone,
 * and in a body only if it is as good as what the frame pointer leads to.
 */
STEP_INLINE enum leaf_position step_position(STEP_CONTEXT context, const struct unwind_frame *f)
{
	enum leaf_position position;
	enum call_kind top, chain;
	__u64 bytes = 0;

	if (STEP_CODE(context, f->pc, &bytes))
		return LEAF_IN_BODY;
	position = leaf_position(bytes);
	if (f->generated && position != LEAF_PROBES && position != LEAF_IN_BODY)
		return position;
	top = step_call(context, f, position == LEAF_PUSHED ? f->sp + 8 : f->sp);
	if (top == CALL_NONE)
		return LEAF_IN_BODY;
	if (position != LEAF_IN_BODY)
		return position == LEAF_PROBES ? LEAF_UNTOUCHED : position;
	/* What generated code leaves on its stack is anybody's guess. */
	if (f->generated && top != CALL_HERE)
		return LEAF_IN_BODY;
	chain = step_call(context, f, f->fp + 8);
	return top > chain || (top == chain && !f->generated) ? LEAF_UNTOUCHED : LEAF_IN_BODY;
}

/* The caller of code without unwind information: by the chain of frame pointers. */
STEP_INLINE int step_by_chain(STEP_CONTEXT context, struct unwind_frame *f, bool other_stack)
{
	enum leaf_position position = LEAF_IN_BODY;
	__u64 at = f->fp, ra, fp;

	if (f->knows_all && !f->is_return && !other_stack)
		position = step_position(context, f);
	if (position == LEAF_UNTOUCHED) {
		if (STEP_WORD(context, f->sp, &ra))
			return WALK_UNREADABLE;
		f->sp += 8;
	} else {
		if (position == LEAF_PUSHED)
			at = f->sp;
		else if (f->fp_unknown)
			return WALK_UNSUPPORTED;
		else if (!at)
			return WALK_CHAIN;
		if (at & 7 || at >= STEP_ADDRESS_END ||
		    (!other_stack && (at < f->sp || at - f->sp > STEP_MAX_FRAME_BYTES)))
			return WALK_NO_RULE;
		if (STEP_WORD(context, at, &fp) || STEP_WORD(context, at + 8, &ra))
			return WALK_UNREADABLE;
		f->fp = fp;
		f->sp = at + 16;
	}
	if (ra < 4096 || ra >= STEP_ADDRESS_END)
		return WALK_NO_RULE;
	f->pc = ra;
	f->is_return = 1;
	f->knows_all = 0;
	f->steps = 2;
	f->guessed = position == LEAF_IN_BODY && rule_cfa(f->rule) == CFA_NONE ? GUESS_CHAIN
									       : GUESS_RULE;
	return WALK_GOES_ON;
}

/* The code that a signal interrupted, from the ucontext at the stack pointer. */
STEP_INLINE int step_signal(STEP_CONTEXT context, struct unwind_frame *f)
{
	__u64 *u = f->ucontext;

	if (STEP_UCONTEXT(context, f->sp + UCONTEXT_REGISTERS, u))
		return WALK_UNREADABLE;
	f->set = 1;
	f->registers[1][0] = u[13];
	f->registers[1][1] = u[12];
	f->registers[1][2] = u[14];
	f->registers[1][3] = u[11];
	f->registers[1][4] = u[9];
	f->registers[1][5] = u[8];
	f->registers[1][6] = u[10];
	f->registers[1][7] = u[15];
	f->registers[1][8] = u[0];
	f->registers[1][9] = u[1];
	f->registers[1][10] = u[2];
	f->registers[1][11] = u[3];
	f->registers[1][12] = u[4];
	f->registers[1][13] = u[5];
	f->registers[1][14] = u[6];
	f->registers[1][15] = u[7];
	f->registers[1][16] = u[16];
	f->pc = u[16];
	f->sp = u[15]; /* an alternate signal stack may lie anywhere */
	f->fp = u[10];
	f->is_return = 0;
	f->knows_all = 1;
	f->fp_unknown = 0;
	f->guessed = GUESS_NONE;
	f->steps = 0;
	return f->pc ? WALK_GOES_ON : WALK_NO_RULE; /* a call of nothing */
}

/* Is the register known in this frame? A function that keeps its CFA in a register which calls need
 * not preserve calls only what does preserve it; of the others no account is kept. */
STEP_INLINE bool knows_register(const struct unwind_frame *f, __u32 reg)
{
	bool is_preserved = reg == 3 || reg == REG_FP || reg == REG_SP || reg >= 12;

	return f->knows_all || (f->steps == 1 && !is_preserved);
}

/* The canonical frame address. */
STEP_INLINE int step_cfa(STEP_CONTEXT context, const struct unwind_frame *f, __u64 *ret)
{
	__u64 rule = f->rule, kind = rule_cfa(rule);
	__s64 offset = rule_cfa_offset(rule);

	if (kind == CFA_SP) {
		*ret = f->sp + offset;
		return WALK_GOES_ON;
	}
	if ((kind == CFA_FP || kind == CFA_DEREF_FP) && f->fp_unknown)
		return WALK_UNSUPPORTED;
	if (kind == CFA_FP) {
		*ret = f->fp + offset;
		return WALK_GOES_ON;
	}
	if (kind == CFA_DEREF_FP || kind == CFA_DEREF_SP) {
		__u64 at = (kind == CFA_DEREF_FP ? f->fp : f->sp) + (__s64)(__s16)offset;

		if (at & 7 || STEP_WORD(context, at, ret))
			return WALK_UNREADABLE;
		*ret += offset >> 16;
		return WALK_GOES_ON;
	}
	if (kind == CFA_PLT) {
		*ret = f->sp + ((f->pc & 15) >= (__u64)offset ? 16 : 8);
		return WALK_GOES_ON;
	}
	if (kind == CFA_REG) {
		__u64 reg = offset & 0xff;

		KEEP_CLAMP(reg);
		if (reg >= N_REGS || !knows_register(f, reg))
			return WALK_UNSUPPORTED;
		*ret = f->registers[f->set & 1][reg] + (offset >> 8);
		return WALK_GOES_ON;
	}
	return WALK_UNSUPPORTED;
}

/* The caller's frame pointer; the frame itself is changed by the caller of this. */
STEP_INLINE int step_fp(STEP_CONTEXT context, struct unwind_frame *f, __u64 cfa)
{
	__u32 kind = rule_fp(f->rule);
	__u64 at;

	if (kind == FP_SAME)
		return WALK_GOES_ON;
	if (kind == FP_GO) {
		if (f->fp_unknown || f->fp != cfa - 16)
			return WALK_GOES_ON;
		at = cfa - 16;
	} else if (kind == FP_AT_CFA) {
		at = cfa + rule_fp_offset(f->rule);
	} else if (kind == FP_AT_FP && !f->fp_unknown) {
		at = f->fp + rule_fp_offset(f->rule);
	} else {
		f->fp_unknown = 1;
		return WALK_GOES_ON;
	}
	if (at & 7 || STEP_WORD(context, at, &f->fp))
		return WALK_UNREADABLE;
	f->fp_unknown = 0;
	return WALK_GOES_ON;
}

/*
 * Is the address of a frame believable that has no rule or was guessed? Also finds where signal
 * handlers return to, which no call leads to.
 */
STEP_INLINE int step_check(STEP_CONTEXT context, struct unwind_frame *f)
{
	bool no_rule = rule_cfa(f->rule) == CFA_NONE;
	__u64 bytes = 0;

	/* The bottom of a stack that was made by hand is behind no call. */
	if (!f->is_return || f->knows_all || (!no_rule && !f->guessed) ||
	    rule_cfa(f->rule) == CFA_END)
		return WALK_GOES_ON;
	if (!STEP_CODE(context, f->pc, &bytes) && is_sigreturn(bytes)) {
		if (no_rule)
			f->rule = CFA_SIGNAL;
		return WALK_GOES_ON;
	}
	if (f->guessed && !f->generated && !STEP_CODE(context, f->pc - 8, &bytes) &&
	    !is_call_before(bytes) && !is_nop_before(bytes))
		return WALK_NOT_CODE;
	return WALK_GOES_ON;
}

/* A runtime that calls C on another stack than its own has its frame pointer on its own (Erlang).
 */
STEP_INLINE bool may_leave_stack(const struct unwind_frame *f)
{
	return f->generated && f->is_return && !f->guessed;
}

/* A frame as a word of a stack_record. */
STEP_INLINE __u64 frame_word(const struct unwind_frame *f)
{
	return f->pc | (f->is_return ? 0 : FRAME_EXACT) | (f->guessed ? FRAME_GUESSED : 0) |
	       (f->guessed == GUESS_CHAIN ? FRAME_CHAINED : 0);
}

/* From a frame, whose rule is in f->rule, to its caller. Returns WALK_GOES_ON, or how it ended. */
STEP_INLINE int frame_step(STEP_CONTEXT context, struct unwind_frame *f)
{
	__u32 kind = rule_cfa(f->rule);
	__u64 cfa, ra;
	int end;

	if (kind == CFA_NONE || kind == CFA_SWITCH)
		return step_by_chain(context, f, kind == CFA_SWITCH || may_leave_stack(f));
	if (kind == CFA_END)
		return WALK_FIRST;
	if (kind == CFA_SIGNAL)
		return step_signal(context, f);
	end = step_cfa(context, f, &cfa);
	if (end)
		return end;
	/* Where the return address was popped (vfork), the caller's stack begins where this one
	 * does. */
	if (cfa < f->sp || (cfa == f->sp && rule_ra(f->rule) != RA_IN_REGISTER) || cfa & 7 ||
	    cfa >= STEP_ADDRESS_END)
		return WALK_BACKWARDS;
	if (rule_ra(f->rule) == RA_IN_REGISTER) {
		if (!f->knows_all)
			return WALK_UNSUPPORTED;
		ra = f->registers[f->set & 1][rule_fp_offset(f->rule) & 15];
	} else if (STEP_WORD(context, cfa - 8, &ra)) {
		return WALK_UNREADABLE;
	}
	end = step_fp(context, f, cfa);
	if (end)
		return end;
	f->pc = ra;
	f->sp = cfa;
	f->is_return = 1;
	f->steps = f->knows_all ? 1 : 2;
	f->knows_all = 0;
	f->guessed = rule_ra(f->rule) == RA_SCANNED ? GUESS_RULE : GUESS_NONE;
	if (!ra)
		return f->guessed ? WALK_CHAIN : WALK_ZERO;
	return ra < STEP_ADDRESS_END ? WALK_GOES_ON : WALK_NO_MAPPING;
}
