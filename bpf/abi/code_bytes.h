/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a few bytes of x86-64 code tell a walk. `bytes` are eight, as they lie in memory, the first
 * one lowest.
 */
#pragma once

#include <linux/types.h>

#define CODE_INLINE static inline __attribute__((always_inline))

/* Does a call instruction end where the 8 bytes end? */
CODE_INLINE bool is_call_before(__u64 bytes)
{
	__u8 b1 = bytes >> 8, b2 = bytes >> 16, b3 = bytes >> 24, b4 = bytes >> 32;
	__u8 b5 = bytes >> 40, b6 = bytes >> 48, b7 = bytes >> 56;

	/* e8 and four bytes; ff /2 with every form of operand, from two to seven bytes long */
	return b3 == 0xe8 || (b6 == 0xff && (b7 & 0x38) == 0x10) ||
	       (b5 == 0xff && (b6 & 0x38) == 0x10) || (b4 == 0xff && (b5 & 0x38) == 0x10) ||
	       (b2 == 0xff && (b3 & 0x38) == 0x10) || (b1 == 0xff && (b2 & 0x38) == 0x10);
}

/* Go's runtime.goexit is entered behind a nop instead. */
CODE_INLINE bool is_nop_before(__u64 bytes)
{
	return bytes >> 56 == 0x90;
}

/* mov $15, %rax (in two encodings); syscall: a signal handler returns here. */
CODE_INLINE bool is_sigreturn(__u64 bytes)
{
	return bytes == 0x0f0000000fc0c748ull ||
	       (bytes & 0xffffffffffffffull) == 0x050f0000000fb8ull;
}

/* Where a function without unwind information stands: 0 in its body, 1 before it has touched the
 * stack (or about to return), 2 with the frame pointer pushed but not yet set. */
CODE_INLINE int leaf_position(__u64 bytes)
{
	__u8 first = bytes;

	if (first == 0x55 || first == 0xc3 || (__u32)bytes == 0xfa1e0ff3 ||
	    (__u16)bytes == 0xc3f2 || (__u16)bytes == 0xc3f3)
		return 1;
	if ((bytes & 0xffffff) == 0x248489 ||
	    (bytes & 0xffffffff) == 0x24848948) /* probes the stack */
		return 1;
	if ((bytes & 0xffffff) == 0xe58948 || (bytes & 0xffffff) == 0xec8b48)
		return 2;
	return 0;
}
