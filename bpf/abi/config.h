/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings of a recording: rodata of the BPF object, written by src/collect/ before the load, so
 * that what is off is removed by the verifier.
 */
#pragma once

#include <linux/types.h>

struct config {
	__u64 hash_seed; /* random: a traced program cannot aim at another's stack id */
	__u64 block_ns;  /* blocks of time are part of the identity; 0: they are not */
	__u64 block_start_ns;
	__u64 cgroup_id; /* with by_cgroup: the inode of its directory */
	__u32 self_tgid; /* never sampled */
	__u32 uid;       /* with by_uid */
	__u32 max_depth; /* user frames, 1 to MAX_USER_FRAMES */
	__u8 by_task;    /* only what is in `targets` */
	__u8 by_uid;
	__u8 by_cgroup; /* only that one and what is below it */
	__u8 user_stacks;
	__u8 kernel_stacks;
	__u8 want_cpu;  /* the CPU is part of the identity */
	__u8 idle;      /* the idle task too */
	__u8 by_tables; /* else by frame pointers alone */
	__u8 store_is_arena;
	__u8 witness;   /* every sample travels whole too: for tests of the walk */
	__u8 long_keys; /* a count_key is whole */
	__u8 pad;
	__u32 store_mask;    /* of offsets, when the store is an array */
	__u32 capture_pages; /* of stack at most, to MAX_CAPTURE_PAGES */
};

/* Key of `targets`. */
/* A command is a process that is not sampled before its exec: until then it runs our code. */
enum target_kind { TARGET_PROCESS = 1, TARGET_THREAD = 2, TARGET_COMMAND = 3 };
struct target_key {
	__u32 kind;
	__u32 id;
};
