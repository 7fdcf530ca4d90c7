/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A frame of a user stack while it is walked. */
#pragma once

#include "abi/unwind_rule.h"

/* System calls in which the leaf's registers are not what they seem. */
enum leaf_call {
	LEAF_CALL_OTHER,
	LEAF_CALL_EXEC,  /* those of a program whose memory may be gone */
	LEAF_CALL_BIRTH, /* those of a thread or process that begins: its stack may be empty */
};

/* What a frame was reached by, other than its callee's unwind information. */
enum guess {
	GUESS_NONE,
	GUESS_RULE,  /* a scanned one, or what lies on top of the stack of a leaf without a rule */
	GUESS_CHAIN, /* the frame pointer of a callee without a rule */
};

struct unwind_frame {
	__u64 pc, sp, fp;
	__u64 rule;
	__u8 is_return;  /* pc is a return address: the call lies before it */
	__u8 knows_all;  /* `registers` are those of this frame */
	__u8 fp_unknown; /* fp could not be followed to this frame */
	__u8 guessed;    /* enum guess: pc is no proof of itself */
	__u8 generated;  /* its code lies in no file: how such code calls is anybody's guess */
	__u8 set;
	__u8 leaf_is_return;
	__u8 steps;     /* from the frame whose registers are known, as far as that matters */
	__u8 leaf_call; /* enum leaf_call */
	/* In DWARF's order, those of the leaf and those a signal interrupted; `set` says which are
	 * this frame's. */
	__u64 registers[2][N_REGS];
	__u64 ucontext[N_REGS]; /* room for what a signal's is read into */
};
