/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Follows addresses of the stack through instructions. */
#include "unwind/stack_state.h"

#include "abi/unwind_rule.h"
#include "base/mem.h"

enum {
	WORD = 8,
	MAX_FRAME = 1 << 28, /* beyond, it is no frame */
};

struct stack_state stack_state_begin(int32_t sp)
{
	return (struct stack_state){.sp = sp,
				    .sp_where = WHERE_CFA,
				    .fp_where = WHERE_CALLERS,
				    .copy_register = NO_REGISTER};
}

bool stack_state_equal(const struct stack_state *a, const struct stack_state *b)
{
	return a->sp == b->sp && a->fp == b->fp && a->saved == b->saved && a->copy == b->copy &&
	       a->slot == b->slot && a->slot_is == b->slot_is && a->sp_where == b->sp_where &&
	       a->fp_where == b->fp_where && a->copy_register == b->copy_register &&
	       a->has_slot == b->has_slot;
}

/* -- forgetting -- */

static void forget_sp(struct stack_state *s)
{
	s->sp = 0;
	s->sp_where = WHERE_UNKNOWN;
}

static void forget_fp(struct stack_state *s)
{
	s->fp = 0;
	s->fp_where = WHERE_UNKNOWN;
}

static void forget_copy(struct stack_state *s)
{
	s->copy = 0;
	s->copy_register = NO_REGISTER;
}

static void forget_slot(struct stack_state *s)
{
	s->slot = s->slot_is = 0;
	s->has_slot = false;
}

static void forget_register(struct stack_state *s, unsigned reg)
{
	if (reg == REG_SP)
		forget_sp(s);
	else if (reg == REG_FP)
		forget_fp(s);
	else if (reg == s->copy_register)
		forget_copy(s);
}

static void forget_all(struct stack_state *s, uint32_t mask)
{
	for (unsigned reg = 0; mask; reg++, mask >>= 1)
		if (mask & 1)
			forget_register(s, reg);
}

struct stack_state stack_state_meet(const struct stack_state *a, const struct stack_state *b)
{
	struct stack_state m = *a;

	if (a->sp_where != b->sp_where || a->sp != b->sp)
		forget_sp(&m);
	if (a->fp_where != b->fp_where || a->fp != b->fp)
		forget_fp(&m);
	if (a->saved != b->saved)
		m.saved = 0;
	if (a->copy_register != b->copy_register || a->copy != b->copy)
		forget_copy(&m);
	if (a->has_slot != b->has_slot || a->slot != b->slot || a->slot_is != b->slot_is)
		forget_slot(&m);
	return m;
}

/* -- following -- */

/* Is the register known as an address below the CFA? */
static bool below_cfa(const struct stack_state *s, unsigned reg, int64_t *ret)
{
	if (reg == REG_SP && s->sp_where == WHERE_CFA)
		*ret = s->sp;
	else if (reg == REG_FP && s->fp_where == WHERE_CFA)
		*ret = s->fp;
	else if (reg < NO_REGISTER && reg == s->copy_register)
		*ret = s->copy;
	else
		return false;
	return true;
}

/* The same of the address that was rounded down. */
static bool below_aligned(const struct stack_state *s, unsigned reg, int64_t *ret)
{
	if (reg == REG_SP && s->sp_where == WHERE_ALIGNED)
		*ret = s->sp;
	else if (reg == REG_FP && s->fp_where == WHERE_ALIGNED)
		*ret = s->fp;
	else
		return false;
	return true;
}

static void set_register(struct stack_state *s, unsigned reg, int64_t below)
{
	if (below < -MAX_FRAME || below > MAX_FRAME) {
		forget_register(s, reg);
	} else if (reg == REG_SP) {
		s->sp_where = WHERE_CFA;
		s->sp = (int32_t)below;
	} else if (reg == REG_FP) {
		s->fp_where = WHERE_CFA;
		s->fp = (int32_t)below;
	} else {
		s->copy_register = (uint8_t)reg;
		s->copy = (int32_t)below;
	}
}

static void set_aligned(struct stack_state *s, unsigned reg, int64_t below)
{
	forget_register(s, reg);
	if (below < 0 || below > MAX_FRAME)
		return;
	if (reg == REG_SP) {
		s->sp_where = WHERE_ALIGNED;
		s->sp = (int32_t)below;
	} else if (reg == REG_FP) {
		s->fp_where = WHERE_ALIGNED;
		s->fp = (int32_t)below;
	}
}

/* to = from + value */
static void follow_set(struct stack_state *s, const struct insn *in)
{
	int64_t below;

	if (below_cfa(s, in->from, &below))
		set_register(s, in->to, below - in->value);
	else if (below_aligned(s, in->from, &below))
		set_aligned(s, in->to, below - in->value);
	else
		forget_register(s, in->to);
}

/* The register is stored in the stack, at the address that is in another plus `value`. */
static void follow_store(struct stack_state *s, unsigned at, int64_t value, unsigned reg)
{
	int64_t where = 0, is;

	if (below_cfa(s, at, &where)) {
		where -= value;
		if (reg == REG_FP && s->fp_where == WHERE_CALLERS && !s->saved && where > WORD &&
		    where <= MAX_FRAME)
			s->saved = (int32_t)where;
		else if (where == s->saved)
			s->saved = 0;
	} else if (below_aligned(s, at, &where)) {
		where -= value;
		if (reg != REG_SP && below_cfa(s, reg, &is) && where >= -MAX_FRAME &&
		    where <= MAX_FRAME) {
			s->has_slot = true;
			s->slot = (int32_t)where;
			s->slot_is = (int32_t)is;
		} else if (s->has_slot && where == s->slot) {
			forget_slot(s);
		}
	}
}

/* The register is loaded from the stack. */
static void follow_load(struct stack_state *s, unsigned reg, unsigned at, int64_t value)
{
	int64_t where;

	if (below_aligned(s, at, &where) && s->has_slot && where - value == s->slot) {
		set_register(s, reg, s->slot_is);
	} else if (reg == REG_FP && s->saved && below_cfa(s, at, &where) &&
		   where - value == s->saved) {
		s->fp = 0;
		s->fp_where = WHERE_CALLERS;
	} else {
		forget_register(s, reg);
	}
}

static void move_sp(struct stack_state *s, int32_t down)
{
	if (s->sp_where == WHERE_UNKNOWN)
		return;
	s->sp += down;
	if (s->sp > MAX_FRAME || s->sp < -MAX_FRAME || (s->sp_where == WHERE_ALIGNED && s->sp < 0))
		forget_sp(s);
}

static void follow_align(struct stack_state *s, const struct insn *in)
{
	if (in->to != REG_SP) {
		forget_register(s, in->to);
		return;
	}
	forget_slot(s);
	if (s->fp_where == WHERE_ALIGNED)
		forget_fp(s);
	if (s->sp_where != WHERE_UNKNOWN)
		s->sp_where = WHERE_ALIGNED;
	s->sp = 0;
}

static void follow_leave(struct stack_state *s)
{
	s->sp_where = s->fp_where;
	s->sp = s->fp;
	if (s->fp_where == WHERE_CALLERS)
		forget_sp(s);
	follow_load(s, REG_FP, REG_SP, 0);
	move_sp(s, -WORD);
}

void stack_state_step(struct stack_state *s, const struct insn *in)
{
	switch (in->effect) {
	case EFFECT_SET:
		follow_set(s, in);
		break;
	case EFFECT_ALIGN:
		follow_align(s, in);
		break;
	case EFFECT_PUSH:
		move_sp(s, WORD);
		follow_store(s, REG_SP, 0, in->from);
		break;
	case EFFECT_POP:
		if (in->to != NO_REGISTER)
			follow_load(s, in->to, REG_SP, 0);
		if (in->to != REG_SP)
			move_sp(s, -WORD);
		break;
	case EFFECT_LOAD:
		follow_load(s, in->to, in->from, in->value);
		break;
	case EFFECT_STORE:
		follow_store(s, in->to, in->value, in->from);
		break;
	case EFFECT_LEAVE:
		follow_leave(s);
		break;
	case EFFECT_CONST:
		forget_register(s, in->to);
		break;
	default:
		forget_all(s, in->writes);
	}
	if (in->flow == FLOW_CALL || in->flow == FLOW_INDIRECT_CALL)
		forget_all(s, CALLERS_SAVE);
}

/* -- as a rule -- */

/* The word at a distance from a register, and another from what it holds; 0: they are too far. */
static uint64_t through_slot(const struct stack_state *s, int32_t at)
{
	if (at < INT16_MIN || at > INT16_MAX || s->slot_is < INT16_MIN || s->slot_is > INT16_MAX)
		return 0;
	return (uint64_t)((at & 0xffff) | s->slot_is * (1 << 16)) << 32;
}

uint64_t stack_state_rule(const struct stack_state *s)
{
	uint64_t rule = RULE(0, 0, FP_UNKNOWN, 0, RA_SCANNED), through = 0;

	if (s->fp_where == WHERE_CALLERS)
		rule = RULE(0, 0, FP_SAME, 0, RA_SCANNED);
	else if (s->saved > 0 && s->saved <= INT16_MAX)
		rule = RULE(0, 0, FP_AT_CFA, -s->saved, RA_SCANNED);
	/* What is called may leave the stack pointer elsewhere, having taken its arguments with it
	 * (V8's builtins), but never the frame pointer. */
	if (s->fp_where == WHERE_CFA && s->fp > WORD)
		return rule | RULE(CFA_FP, s->fp, 0, 0, 0);
	if (s->sp_where == WHERE_CFA && s->sp >= WORD)
		return rule | RULE(CFA_SP, s->sp, 0, 0, 0);
	if (s->has_slot && s->sp_where == WHERE_ALIGNED)
		through = CFA_DEREF_SP | through_slot(s, s->sp - s->slot);
	else if (s->has_slot && s->fp_where == WHERE_ALIGNED)
		through = CFA_DEREF_FP | through_slot(s, s->fp - s->slot);
	if (through >> 32)
		return rule | through;
	if (s->copy_register != NO_REGISTER && s->copy >= 0 && s->copy < 1 << 20)
		return rule | RULE(CFA_REG, s->copy << 8 | s->copy_register, 0, 0, 0);
	return 0;
}
