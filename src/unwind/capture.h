/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unwinds a captured sample: registers and a piece of stack, with the mappings of its moment.
 *
 * The same step and tables as in the kernel; where a rule needs more than they have, libdw.
 * Units: addresses are the process's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/records.h"
#include "maps/spaces.h"
#include "unwind/tables.h"

struct capture {
	const struct space *space;
	struct images *images;
	struct tables *tables;
	const struct store *store;
	const uint64_t *registers; /* N_REGS, in DWARF's order */
	bool is_return;            /* the program counter is behind a system call */
	const uint8_t *stack;      /* `n_stack` bytes from `start` on */
	uint64_t start;
	size_t n_stack;
	uint64_t present; /* pages of it that were read, one bit each; of more than 64, all were */
	unsigned max_depth;
};

/* A frame from which a walk would go on. */
struct capture_rest {
	uint64_t pc, sp, fp;
	bool exact, fp_unknown, guessed;
	uint64_t root_sum; /* REST_ROOT of the kernel side's */
	/* What is known of the end of the stack as of the sample: words from `start` on. */
	uint64_t start;
	const uint64_t *words;
	size_t n_words;
	bool is_now; /* it is not older than what is read of the stack */
};

struct captured {
	uint64_t frames[MAX_USER_FRAMES]; /* as in a stack_record */
	uint32_t n;
	unsigned end;             /* enum walk_end */
	struct capture_rest rest; /* with WALK_DEPTH: the caller of the last frame */
};

/* Returns false when a table is not ready that is being built: to be tried again. */
bool capture_unwind(const struct capture *capture, struct captured *ret);

/* A frame of a walk, as a word of a stack_record, with its stack pointer. False: that is enough. */
typedef bool capture_visit(void *ctx, uint64_t word, uint64_t sp);
/* Visits the frames from `rest` on, with the stack from its stack pointer on. Returns how it ended
 * (enum walk_end), WALK_GOES_ON when it was enough; WALK_NOT_READY is to be tried again. */
unsigned capture_go_on(const struct capture *capture, const struct capture_rest *rest,
		       capture_visit *visit, void *ctx);
