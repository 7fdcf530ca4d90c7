/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Can a call have led to where it is said to have led? Asked of the callers that were guessed: what
 * a direct call leads to is read from the code, with all jumps on the way.
 *
 * Shape: a call through a register or memory may lead anywhere, as may code that jumps so (a
 *        linkage table, a switch); what cannot be read is not contradicted either.
 * Bounds: MAX_REACH instructions from a call's target, MAX_REACHES targets kept, MAX_A_SECOND
 *         instructions read; beyond, all may be.
 * Owner: calls_free().
 * Threads: one at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "elf/elf_file.h"

/* Whether a call has led somewhere. */
enum lead {
	LEAD_UNKNOWN = -1, /* within calls.c: not at the moment */
	LEAD_IMPOSSIBLE,   /* the code contradicts, or there is no call */
	LEAD_POSSIBLE,
	LEAD_PROVEN, /* as far as the code can: the call leads there, and no place is as good */
};

struct calls;

struct calls *calls_new(void);
void calls_free(struct calls *c);
/*
 * Can the call that ends at `return_address` of the file have led to the instruction at `callee`,
 * which is an address of the same file, or 0: it lies in another?
 */
enum lead calls_lead(struct calls *c, const struct elf_file *elf, uint64_t return_address,
		     uint64_t callee);
