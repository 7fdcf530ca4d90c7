/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The root end of a stack that is deeper than a walk goes: user space finds it, once; the kernel
 * side looks whether it is still what it was.
 *
 * Shape: a thread's root is known by the words of its stack that hold the return addresses of its
 *        frames, nearest the leaf first. What they hold, added up from 0 on by hash_mix(), is part
 *        of a deep stack's identity, so that another root is another stack. Where what they hold
 *        is not known yet, each sample is a stack of its own, and a root_record with the words at
 *        the end of the stack comes before it: user space reads the stack later, when it may be
 *        another one.
 */
#pragma once

#include "abi/hash_mix.h"

enum {
	MAX_ROOT_FRAMES = 64,
	MAX_ROOTS = 4096,  /* threads; those that were learned first make room */
	MAX_ROOT_SUMS = 8, /* roots of one thread that are known, and come by turns */
	ROOT_WORDS = 1024, /* of the end of a stack: the first functions, with frames of their usual
			      size */
};

struct stack_root {
	__u64 n; /* 0: there is no root to be found */
	__u64 at[MAX_ROOT_FRAMES];
	__u64 sums[MAX_ROOT_SUMS]; /* of what the words have held so far; 0: no more */
};

/* The end of a thread's stack, at the moment of the sample whose stack has the id. */
struct root_record {
	__u32 type, pad;
	__u64 id;
	__u64 start; /* address of words[0] */
	__u64 words[ROOT_WORDS];
};

/* Where a walk that ended with WALK_DEPTH would have gone on: in the first words of its record's
 * tail, whose `cfa` and `fp` are that frame's. */
enum stack_rest {
	REST_PC,
	REST_TID,
	REST_FLAGS,
	REST_ROOT /* what the root's words hold; 0: that is not known, or there are none */
};
enum { REST_EXACT = 1, REST_FP_UNKNOWN = 2, REST_GUESSED = 4 };
