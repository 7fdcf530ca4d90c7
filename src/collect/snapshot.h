/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every thread is doing at this moment, without stopping any.
 *
 * A thread that waits has its registers where the kernel saved them; one that runs is sampled at
 * its next tick. Stacks are unwound like captured samples.
 * Shape: threads in the order of the kernel's list, processes together.
 * Owner: snapshot_release(); the stacks are of the profile that was given.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "collect/resolved.h"
#include "maps/images.h"
#include "profile/profile.h"
#include "unwind/tables.h"

struct snapshot_thread {
	pid_t pid, tid;
	char state;       /* as in /proc: R, S, D, T, t, Z, X, I; R also while it runs */
	bool running;     /* on a CPU: the stack is that of its next tick */
	int64_t syscall;  /* -1: none */
	uint64_t wait_ns; /* since it last ran; 0 while it runs */
	char process[16], thread[16];
	stack_id stack; /* NO_ID: none */
};

struct snapshot {
	struct snapshot_thread *threads;
	size_t n, cap;
	uint64_t took_ns; /* until the last stack was unwound */
};

/* The BPF programs that it takes: loaded once. */
struct snapshotter;
struct snapshotter *snapshotter_new(struct err *err);
void snapshotter_free(struct snapshotter *s);
/* The kernel's words for one of its addresses, as kernel_name_address(). */
bool snapshotter_name_address(void *snapshotter, uint64_t address, char *buf, size_t size);

/* Where stacks go, and what they are unwound with. */
struct snapshot_place {
	struct profile *p;
	struct images *images;     /* bound to `p` */
	struct resolved *resolved; /* of `p`, for snapshots alone; it keeps their account */
	struct tables *tables;
	const struct store *store;
};

/* The threads of a process, or (0) of all but our own. */
int snapshot_take(struct snapshotter *s, const struct snapshot_place *place, pid_t pid,
		  struct snapshot *ret, struct err *err);
void snapshot_release(struct snapshot *s);
