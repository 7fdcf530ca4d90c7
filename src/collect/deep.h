/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The root ends of stacks that are deeper than a walk goes: read from the thread's stack when such
 * a stack arrives, and kept while the words that it was read from are unchanged.
 *
 * Shape: frames are words of a stack_record, nearest the leaf first; what lies between them and the
 *        leaf's end is counted alone.
 * Bounds: MAX_DEEP_FRAMES of a stack, MAX_DEEP_BYTES of it, a tenth of the time; what is beyond is
 *         cut as before.
 * Owner: deeps_free().
 * Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/stack_root.h"
#include "unwind/capture.h"

struct deeps;
struct kernel;

struct root_part {
	uint64_t frames[MAX_ROOT_FRAMES];
	uint32_t n;
	uint64_t between; /* frames that are not here, above these */
};

enum deep_result {
	DEEP_NONE, /* it is not to be had, or not up to the thread's first function */
	DEEP_WAIT, /* for a table that is being built */
	DEEP_FOUND,
};

/* `kernel` is told what it is to look at; NULL: nothing walks there. */
struct deeps *deeps_new(struct kernel *kernel);
void deeps_free(struct deeps *d);
/* Takes the end of a stack as it was when that was sampled; it comes before the stack. */
void deeps_take_end(struct deeps *d, const struct root_record *r);
/* Adds the end of the stack with that id to what is known of it, if it has come. Its words are
 * valid until the next deeps_take_end(). */
void deeps_add_end(const struct deeps *d, uint64_t id, struct capture_rest *rest);
/* The root end of the thread's stack from `rest` on; `in` has the process's mappings, images and
 * tables. `tid` 0: which thread that is, is not known. */
enum deep_result deeps_find(struct deeps *d, const struct capture *in, pid_t tid,
			    const struct capture_rest *rest, struct root_part *ret);
