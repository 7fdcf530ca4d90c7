/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A frame of a user stack while it is walked. */
#pragma once

#include "abi/unwind_rule.h"

struct unwind_frame {
	__u64 pc, sp, fp;
	__u64 rule;
	__u8 is_return;  /* pc is a return address: the call lies before it */
	__u8 knows_all;  /* `registers` are those of this frame */
	__u8 fp_unknown; /* fp could not be followed to this frame */
	__u8 by_chain;   /* reached by a frame pointer: pc is no proof of itself */
	__u8 set;
	__u8 leaf_is_return;
	__u8 steps;   /* from the frame whose registers are known, as far as that matters */
	__u8 in_exec; /* the leaf is in execve */
	/* In DWARF's order, those of the leaf and those a signal interrupted; `set` says which are
	 * this frame's. */
	__u64 registers[2][N_REGS];
};
