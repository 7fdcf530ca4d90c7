/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An unwind rule in 64 bits: how to get from a frame to its caller.
 *
 * Shape: bits 0-7 enum cfa_kind; 8-11 enum fp_kind; 12-15 enum ra_kind; 16-31 fp offset (signed;
 *        the register when the return address is in one); 32-63 CFA offset (signed), which some
 *        kinds divide (see there). The all-zero rule is "no information".
 * Units: offsets in bytes. Registers have DWARF's numbers.
 * Source: DWARF 5 section 6.4; x86-64 psABI table 3.36.
 */
#pragma once

#include <linux/types.h>

enum { REG_FP = 6, REG_SP = 7, REG_RA = 16, N_REGS = 17 };

enum cfa_kind {
	CFA_NONE,     /* no information: the frame pointer may lead on */
	CFA_SP,       /* sp + offset */
	CFA_FP,       /* fp + offset */
	CFA_DEREF_SP, /* *(sp + low half of the offset) + high half */
	CFA_DEREF_FP, /* *(fp + low half) + high half */
	CFA_PLT, /* sp + 8; sp + 16 from that byte of a 16-byte entry on, which the offset says */
	CFA_REG, /* a register that is known in a leaf only: number in the low 8 bits, offset above
		  */
	CFA_SIGNAL, /* the registers lie in the ucontext at sp */
	CFA_SWITCH, /* another stack: the frame pointer leads there */
	CFA_END,    /* the thread's first function */
	CFA_UNSUPPORTED,
	N_CFA_KINDS
};

enum fp_kind {
	FP_SAME,
	FP_AT_CFA,  /* saved at CFA + offset */
	FP_AT_FP,   /* saved at fp + offset */
	FP_GO,      /* saved at CFA - 16 if that is where it points, else unchanged */
	FP_UNKNOWN, /* a rule that the kernel side cannot follow */
};

enum ra_kind {
	RA_AT_CFA,      /* at CFA - 8 */
	RA_IN_REGISTER, /* of a leaf */
	RA_SCANNED,     /* at CFA - 8, says the code itself (src/unwind/scan.h): to be checked */
};

#define RULE(cfa, cfa_offset, fp, fp_offset, ra)                                                   \
	((__u64)(cfa) | (__u64)(fp) << 8 | (__u64)(ra) << 12 | (__u64)(__u16)(fp_offset) << 16 |   \
	 (__u64)(__u32)(cfa_offset) << 32)

static inline __attribute__((always_inline)) __u32 rule_cfa(__u64 rule)
{
	return rule & 0xff;
}

static inline __attribute__((always_inline)) __u32 rule_fp(__u64 rule)
{
	return rule >> 8 & 15;
}

static inline __attribute__((always_inline)) __u32 rule_ra(__u64 rule)
{
	return rule >> 12 & 15;
}

static inline __attribute__((always_inline)) __s64 rule_fp_offset(__u64 rule)
{
	return (__s64)(rule << 32) >> 48;
}

static inline __attribute__((always_inline)) __s64 rule_cfa_offset(__u64 rule)
{
	return (__s64)rule >> 32;
}
