/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Per-CPU working memory of the funnel: too large for the BPF stack, of which a whole chain of
 * calls has 512 bytes (kernels from 6.16 on give each function as much; tests/bpf/guards.c adds
 * up).
 *
 * One for each level (levels.h).
 */
#pragma once

#include "abi/hash_mix.h"
#include "abi/records.h"
#include "abi/unwind_table.h"
#include "kernel.h"
#include "abi/unwind_frame.h"

enum { WINDOW_WORDS = 128, WINDOW_BYTES = WINDOW_WORDS * 8 };

/* Whose sample it is. */
struct who {
	u64 start_ns, exec_id; /* of the process */
	u64 generation;        /* changes when code may have been mapped over code */
	u64 exec_pages;        /* that the process has mapped executable */
	u64 stack_top;         /* of its first thread */
	u64 thread_pointer;    /* 0: unknown */
	bool has_user;         /* memory: not a kernel thread, nor at the end of an exit */
};

/* Where a stack ends at the latest. A C library has what the thread pointer points to at the end of
 * a thread's stack, or nowhere on it. */
static __always_inline u64 stack_end(const struct who *w, u64 address)
{
	u64 end = address < w->stack_top ? w->stack_top : USER_SPACE_END;

	return address < w->thread_pointer && w->thread_pointer < end ? w->thread_pointer : end;
}

/* A sample while it is taken. */
struct sample {
	struct count_key key;
	struct count_value one; /* what it adds to the count of its key */
	struct who who;
};

/* A stack on its way to user space. */
struct stack_copy {
	u64 id;
	u64 address, end; /* what comes next, and where to stop */
	u64 present;      /* pages that were read, one bit each */
	u32 pages;        /* so far */
	u32 missing;      /* in a row */
};

/* `head`, `tail` and `frames` lie together so that they are one ring record. */
struct user_scratch {
	struct stack_record head;
	u64 tail[TAIL_WORDS];
	u64 frames[MAX_USER_FRAMES];
	struct sample sample;
	struct register_frame registers; /* of user code, where the kernel does not say where */
	/* The walk: set by the funnel, advanced by the unwinder. */
	struct unwind_frame frame; /* that is looked at */
	struct process_maps process;
	struct table_map map; /* that was used last */
	u64 seed;             /* the hash before the first frame */
	u64 hash;
	u64 cfa;      /* stack pointer in the caller of the last frame, 0 if unknown */
	u64 last_cfa; /* the same, one frame earlier */
	u64 last_fp;
	u64 last_hash;
	u64 last_ip;  /* frames[n - 1] */
	u64 captures; /* so far */
	struct stack_copy copy;
	u32 level;
	u32 n;
	u32 end;                       /* enum walk_end */
	u64 window_base, window_bytes; /* the piece of the user's stack in `window` */
	u64 window[WINDOW_WORDS];
};

struct kernel_scratch {
	struct stack_record head;
	u64 frames[MAX_KERNEL_FRAMES + 1]; /* a power of two, for masking */
};

struct user_scratch_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MAX_LEVELS);
	__type(key, u32);
	__type(value, struct user_scratch);
};

struct kernel_scratch_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MAX_LEVELS);
	__type(key, u32);
	__type(value, struct kernel_scratch);
};

extern struct user_scratch_map user_scratch SEC(".maps");

/* What the program at that level works in. */
static __always_inline struct user_scratch *scratch_get(u32 level)
{
	return bpf_map_lookup_elem(&user_scratch, &level);
}
