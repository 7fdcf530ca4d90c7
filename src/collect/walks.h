/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel side, or a capture, walked through, as frames of the profile.
 *
 * Shape: leaf first. A walk is complete when its last frame is a thread's first function; else
 *        `end` says why it is not, and `last` where.
 */
#pragma once

#include "abi/records.h"
#include "collect/deep.h"
#include "collect/frames.h"
#include "collect/leads.h"
#include "unwind/start.h"

struct walk {
	frame_id frames[1 + MAX_USER_FRAMES + 1 + MAX_ROOT_FRAMES]; /* leaf first */
	uint32_t n;
	bool complete;
	bool unmapped;            /* not even the leaf lies in code */
	bool guessed;             /* some callers were */
	unsigned end;             /* enum walk_end; to be set before */
	const struct image *last; /* of the last frame; NULL: in no mapping */
};

/* Of one process, at a time. */
struct walk_place {
	struct frames *frames;
	struct images *images;
	const struct space *space;
	uint64_t time_ns;
	struct calls *calls;
	const struct root_part *root; /* of a stack that is deeper than its walk; NULL: not known */
};

/* Takes a walk by frame pointers alone. */
void walk_chain(struct walk *w, const struct walk_place *at, const struct stack_record *record);
/* Takes a walk by tables. Those of code that was mapped over since the tables' `version` (0: of
 * now) were found by rules of other code. */
void walk_tables(struct walk *w, const struct walk_place *at, const uint64_t *words, uint32_t n,
		 uint32_t version);
