/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Per-CPU working memory of the funnel: too large for the 512-byte BPF stack.
 *
 * A sampling program is not re-entered on a CPU (bpf_prog_active), so one of each is enough.
 */
#pragma once

#include "abi/records.h"
#include "abi/unwind_table.h"
#include "kernel.h"
#include "abi/unwind_frame.h"

enum { WINDOW_WORDS = 128, WINDOW_BYTES = WINDOW_WORDS * 8 };

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
	/* The walk: set by the funnel, advanced by the unwinder. */
	struct unwind_frame frame; /* that is looked at */
	u64 start_ns, exec_id;     /* of the process */
	u64 exec_pages;            /* that it has mapped executable */
	u64 stack_top;             /* of its first thread */
	struct process_maps process;
	struct table_map map; /* that was used last */
	u64 hash;
	u64 cfa;      /* stack pointer in the caller of the last frame, 0 if unknown */
	u64 last_cfa; /* the same, one frame earlier */
	u64 last_fp;
	u64 last_hash;
	u64 last_ip;  /* frames[n - 1] */
	u64 captures; /* so far */
	struct stack_copy copy;
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
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct user_scratch);
};

struct kernel_scratch_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct kernel_scratch);
};

static __always_inline u64 hash_mix(u64 hash, u64 word)
{
	hash = (hash ^ word) * 0xff51afd7ed558ccdull;
	return hash ^ hash >> 32;
}
