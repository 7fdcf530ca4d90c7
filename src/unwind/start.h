/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Leads a stack through the start code of its thread, where the kernel's walk ended.
 *
 * Frame pointers end in code built without them: for a whole stack that is the C library's start
 * code. The kernel sends a piece of the stack above the last frame; from there .eh_frame leads on.
 * Shape: only start code is accepted: the thread's first function within START_FRAMES frames, and
 *        nothing between but the library that called last. The piece is that of the first sample
 *        with these frames; for any other code, later samples could have come another way.
 * Units: addresses are the process's.
 * Threads: one at a time per `struct images`.
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

enum { START_FRAMES = 2 }; /* above the last: __libc_start_main and _start */

/*
 * Returns true when the thread's first function was reached; `frames` (START_FRAMES of them) then
 * holds the return addresses of the `ret_n` frames that lead there.
 */
bool finish_stack(const struct finish *f, uint64_t *frames, size_t *ret_n);
