/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One step up a stack with everything that call frame information can say (libdw): every register,
 * every expression. For what the tables' rules cannot express.
 *
 * Source: DWARF 5 sections 2.5 and 6.4.
 * Threads: one at a time per image.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/unwind_rule.h"
#include "maps/images.h"

struct full_registers {
	uint64_t values[N_REGS]; /* in DWARF's order */
	uint32_t known;          /* one bit each */
};

/* Reads a word of the captured stack; false: it is not there. */
typedef bool full_read(void *ctx, uint64_t address, uint64_t *ret);

enum full_result {
	FULL_CALLER, /* the registers are the caller's now */
	FULL_FIRST,  /* there is no caller */
	FULL_NONE,   /* no information about this address */
	FULL_FAILED, /* a rule needs what is not known */
};

/* `address` is one of the file, at or before the frame's next instruction; `is_signal` is set when
 * the caller's is exact. `exact`: so is this frame. */
enum full_result full_step(struct image *image, uint64_t address, struct full_registers *registers,
			   bool exact, full_read *read, void *ctx, bool *ret_is_signal);

/* The frame of libdw at an address, for the caller to free; NULL when there is none. */
void *full_frame(struct image *image, uint64_t address);
