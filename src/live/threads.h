/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The threads of a process as a profile: one sample a thread, which is what Go calls the goroutine
 * profile.
 *
 * Shape: the sample type is goroutine/count; labels are pid, tid, process, thread, `state` (a word:
 *        "running", "sleeping", ...), `wait` (nanoseconds since it last ran), and, of one that
 * waits in the kernel, `syscall` and `wchan`, the kernel function it waits in.
 */
#pragma once

#include "collect/snapshot.h"
#include "symbolize/symbolize.h"

/* Takes a snapshot to `place`, names `place` was given and writes it to `ret`, an initialised
 * profile. `pid` 0: all. */
int threads_take(struct snapshotter *s, const struct snapshot_place *place, struct symbolizer *z,
		 pid_t pid, struct profile *ret, struct err *err);
/* The same without a recording. */
int threads_take_alone(const struct symbolize_options *names, pid_t pid, struct profile *ret,
		       struct err *err);
