/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stacks as they arrive, resolved to the profile's frames, to be found again by the kernel's ids.
 *
 * Also keeps the account of user stacks: complete, or cut and why.
 */
#pragma once

#include <stdbool.h>

#include "abi/records.h"
#include "maps/spaces.h"
#include "profile/profile.h"
#include "unwind/capture.h"

struct root_part;

struct resolved;

struct resolved *resolved_new(struct profile *p, struct images *images, unsigned max_depth,
			      bool by_tables);
void resolved_free(struct resolved *r);

/* Has a stack of the kernel's arrived already? Then it only crossed again, and is as young as a new
 * one. */
bool resolved_is_known(struct resolved *r, uint64_t id);
/* The record is whole: it is followed by n_tail and n_frames words; `root` is where it leads if it
 * is deeper, or NULL. */
void resolved_add_user(struct resolved *r, const struct stack_record *record,
		       const struct space *space, const struct root_part *root);
void resolved_add_kernel(struct resolved *r, const struct stack_record *record);

/* A kernel stack that did not come from the sampler, as a record under the hash of its frames. */
struct kernel_stack_record {
	struct stack_record head;
	uint64_t frames[MAX_KERNEL_FRAMES];
};
/* Returns its bytes; 0: there are no frames. */
size_t kernel_stack_make(struct kernel_stack_record *r, const uint64_t *frames, uint32_t n);

/* The stack (kernel frames above user frames) that a count refers to, for `samples` samples.
 * `ret_missing`: a stack of it never arrived. */
stack_id resolved_find(struct resolved *r, const struct count_key *key, uint64_t samples,
		       bool *ret_missing);

/* A stack that was captured, under its id; `in_exec`: in the middle of one, where the registers may
 * be those of code that is gone. It counts until the second settlement after this. */
void resolved_add_captured(struct resolved *r, uint64_t id, const struct captured *captured,
			   const struct space *space, uint64_t time_ns, bool in_exec,
			   const struct root_part *root);
/* A capture of which a part is missing: what is counted under its id has lost its stack. */
void resolved_add_torn(struct resolved *r, uint64_t id);
/* The id of a capture that was made here. */
uint64_t resolved_new_id(struct resolved *r);

/* To be called when all counts are in. Forgets captures, and other ids two settlements after they
 * stopped being sent (`seen_cleared`). */
void resolved_settle(struct resolved *r, bool seen_cleared);
void resolved_account(const struct resolved *r, struct account *a);
