/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finishes a stack in user space where the kernel's walk ended, with call frame information.
 *
 * Frame pointers end in code built without them: nearly always the C library's start code. The
 * kernel sends a piece of the stack above the last frame; from there .eh_frame leads on, to the
 * thread's first frame or to where that piece ends.
 *
 * Units: addresses are the process's. Threads: one at a time per `struct images`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maps/spaces.h"

/* Where the walk stopped: in the caller of the last frame, just after its call. */
struct finish {
	struct images *images;
	const struct space *space;
	uint64_t pc; /* return address into that caller */
	uint64_t sp, fp;
	const uint64_t *stack; /* n_stack words from `sp` on */
	size_t n_stack;
};

/*
 * Appends frames (return addresses) to `frames`, at most `max`. Returns how many; `ret_complete`
 * tells whether the thread's first frame was reached. `f` is moved to the last frame.
 */
size_t finish_stack(struct finish *f, uint64_t *frames, size_t max, bool *ret_complete);
