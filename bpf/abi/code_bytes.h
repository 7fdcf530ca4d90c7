/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a few bytes of x86-64 code tell a walk. `bytes` are eight, as they lie in memory, the first
 * one lowest.
 */
#pragma once

#include <linux/types.h>

#define CODE_INLINE static inline __attribute__((always_inline))

/* Does a call through a register or memory end where the 8 bytes end? */
CODE_INLINE bool is_indirect_call_before(__u64 bytes)
{
	__u8 b1 = bytes >> 8, b2 = bytes >> 16, b3 = bytes >> 24, b4 = bytes >> 32;
	__u8 b5 = bytes >> 40, b6 = bytes >> 48, b7 = bytes >> 56;

	/* ff /2 with every form of operand, from two to seven bytes long */
	return (b6 == 0xff && (b7 & 0x38) == 0x10) || (b5 == 0xff && (b6 & 0x38) == 0x10) ||
	       (b4 == 0xff && (b5 & 0x38) == 0x10) || (b2 == 0xff && (b3 & 0x38) == 0x10) ||
	       (b1 == 0xff && (b2 & 0x38) == 0x10);
}

/* A call of an address: e8 and four bytes. */
CODE_INLINE bool is_direct_call_before(__u64 bytes)
{
	return (bytes >> 24 & 0xff) == 0xe8;
}

/* Where it goes; `ra` is the address behind it. */
CODE_INLINE __u64 direct_call_target(__u64 bytes, __u64 ra)
{
	return ra + (__u64)(__s64)(__s32)(bytes >> 32);
}

/* Does a call instruction end where the 8 bytes end? */
CODE_INLINE bool is_call_before(__u64 bytes)
{
	return is_direct_call_before(bytes) || is_indirect_call_before(bytes);
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

/* What the call before a return address, with the 8 bytes before it, tells of the frame at `pc`. */
enum call_kind {
	CALL_NONE,      /* it is none */
	CALL_ELSEWHERE, /* to another place, from where a jump may have led on */
	CALL_INDIRECT,
	CALL_HERE, /* to a little before */
	MAX_FUNCTION_BYTES = 1 << 16,
};

CODE_INLINE enum call_kind call_kind(__u64 bytes, __u64 ra, __u64 pc)
{
	if (is_indirect_call_before(bytes))
		return CALL_INDIRECT;
	if (!is_direct_call_before(bytes))
		return CALL_NONE;
	return pc - direct_call_target(bytes, ra) < MAX_FUNCTION_BYTES ? CALL_HERE : CALL_ELSEWHERE;
}

/* Where a function without unwind information stands. */
enum leaf_position {
	LEAF_IN_BODY,
	LEAF_UNTOUCHED, /* the stack; or it is about to return */
	LEAF_PROBES,    /* the stack: untouched in most functions */
	LEAF_PUSHED,    /* the frame pointer, but has not set it yet */
};

CODE_INLINE enum leaf_position leaf_position(__u64 bytes)
{
	__u8 first = bytes;

	if (first == 0x55 || first == 0xc3 || (__u32)bytes == 0xfa1e0ff3 ||
	    (__u16)bytes == 0xc3f2 || (__u16)bytes == 0xc3f3)
		return LEAF_UNTOUCHED;
	if ((bytes & 0xffffff) == 0x248489 || (bytes & 0xffffffff) == 0x24848948)
		return LEAF_PROBES;
	if ((bytes & 0xffffff) == 0xe58948 || (bytes & 0xffffff) == 0xec8b48)
		return LEAF_PUSHED;
	return LEAF_IN_BODY;
}
