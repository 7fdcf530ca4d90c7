/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Samples of a file on their way into a profile: a thread of its own makes stacks of them, while
 * the caller reads on.
 *
 * Threads: from the first intake_add() to intake_finish() the profile's stacks, samples and values
 *          are the intake's. All else is the caller's; the value types stay as they are.
 * Limits: frames of a sample INTAKE_MAX_FRAMES, entries of all stacks INTAKE_MAX_STACKS.
 * Owner: the caller's storage; a zeroed struct with `p` is empty; intake_finish() frees.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "profile/profile.h"

enum { INTAKE_MAX_FRAMES = 65536, INTAKE_MAX_STACKS = 256 << 20 };
#define INTAKE_FULL "there are more stacks than cprof can hold"

/* Samples in a row: of each its number of frames, labels, values, frames with the leaf first. */
struct intake_batch {
	uint32_t *words;
	size_t n, cap;
};

struct intake {
	struct profile *p;
	struct intake_batch filling, waiting;
	pthread_t thread;
	pthread_mutex_t lock; /* of `waiting` and what follows */
	pthread_cond_t changed;
	bool started, ended, failed;
	/* The stacks of the last sample from the root on: the next one often begins with the same.
	 */
	frame_id *path_frames;
	stack_id *path_stacks;
	size_t n_path, cap_path_frames, cap_path_stacks;
};

/* Adds to the values of a stack with labels; `frames` begins with the leaf. False: there are more
 * stacks than the limit, so that there is no use in going on. */
bool intake_add(struct intake *in, const frame_id *frames, size_t n, labels_id labels,
		const int64_t *values);
/* All samples are in the profile then, and more may be added. False: as above. */
bool intake_finish(struct intake *in);
