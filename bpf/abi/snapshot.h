/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the iterator over threads (bpf/threads.bpf.c) writes of each, for collect/snapshot.c.
 *
 * Shape: a record, then `n_kernel` words of kernel stack, leaf first, then `stack_bytes` of user
 *        stack from `stack_start` on.
 * Units: times are nanoseconds.
 */
#pragma once

#include <linux/types.h>

enum {
	SNAPSHOT_KERNEL_FRAMES = 64,
	SNAPSHOT_STACK_BYTES = 2048, /* enough for most; user space reads the rest */
	/* Of threads that may run at any moment, and then change it, more is read at once. */
	SNAPSHOT_DEEP_BYTES = 128 << 10,
	SNAPSHOT_DEEP_STACKS = 64,
};

struct snapshot_record {
	__u32 tgid, tid;
	__u32 state; /* TASK_INTERRUPTIBLE 1, ... with EXIT_ZOMBIE and the like */
	__u32 n_kernel;
	__u32 stack_bytes;
	__u8 on_cpu;    /* or it has run meanwhile: its registers are not those here */
	__u8 has_user;  /* no kernel thread, and its memory is still there */
	__u8 is_compat; /* 32-bit code */
	__u8 pad;
	__u64 start_ns; /* of the process */
	__u64 exec_id;
	__u64 off_ns;     /* for how long it has not run */
	__u64 syscall;    /* that it is in; ~0: none */
	__u32 deep;       /* number of its deep stack, from stack_start on; with deep_bytes */
	__u32 deep_bytes; /* 0: it has none */
	__u64 stack_start;
	__u64 stack_top;     /* of the first thread */
	__u64 registers[17]; /* in DWARF's order */
	char process[16];
	char thread[16];
};

_Static_assert(sizeof(struct snapshot_record) == 24 + 7 * 8 + 17 * 8 + 32, "padding");
