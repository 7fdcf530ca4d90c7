/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel side and the user side of cprof share: map keys, values and ring records.
 *
 * Shape: every struct is a multiple of 8 bytes without padding; sizes are asserted here.
 * Units: times are CLOCK_MONOTONIC nanoseconds (the clock of the perf records, so that the two can
 *        be put in order); `start_ns` is the group leader's start on CLOCK_BOOTTIME.
 */
#pragma once

#include <linux/types.h>

enum {
	MAX_EVENTS = 8,          /* events of one recording */
	MAX_KERNEL_FRAMES = 127, /* the kernel's own limit (perf_event_max_stack) */
	MAX_USER_FRAMES = 1024,
	CAPTURE_PAGE = 4096,
	MAX_CAPTURE_PAGES = 64,
	RED_ZONE = 128,             /* bytes below the stack pointer that a leaf may use */
	TAIL_WORDS = 64,            /* stack above the last frame found, for unwind/start.c */
	MAX_COUNTS = 65536,         /* entries of each of the two count maps */
	MAX_SEEN = 65536,           /* stacks known to have crossed; cleared when full */
	MAX_PROCESSES = 32768,      /* whose mappings the kernel side knows */
	PROCESS_SLOTS = 65536,      /* struct process_slot, by tgid modulo this */
	MAX_CAPTURED_PAGES = 12288, /* of a process that user space has not answered */
	MAX_LEVELS = 3, /* programs that may be at work on a CPU, one interrupting the other */
	KERNEL_NAME_BYTES = 256, /* name+0xoffset/0xsize [module] */
	RING_BYTES = 4 << 20,
	RING_WAKE_BYTES = RING_BYTES / 8,        /* fill at which user space is woken */
	RING_CAPTURE_BYTES = RING_BYTES / 4 * 3, /* fill up to which samples are captured */
};

/*
 * Ids of stacks, as the kernel side gives them: a hash of what the stack is, with the highest bit
 * clear; of a capture, which nobody has unwound yet, a number of its own with that bit set. The
 * first ones are no stack.
 */
enum { STACK_NONE = 0, STACK_LOST = 1, STACK_FIRST = 2 };
#define STACK_CAPTURE (1ull << 63)
/* Below a capture's number: the level and the CPU that it was made on. */
enum { CAPTURE_CPU_BITS = 16, CAPTURE_MAKER_BITS = CAPTURE_CPU_BITS + 2 };

enum drop {
#define DROP(id, text) DROP_##id,
#include "abi/drops.def"
#undef DROP
	N_DROPS
};

enum walk_end {
#define WALK_END(id, text) WALK_##id,
#include "abi/walk_ends.def"
#undef WALK_END
	N_WALK_ENDS
};

/* One counter block per CPU and level, and one for what found none. Written by the funnel only. */
struct stats {
	__u64 taken;     /* samples of the target, whatever became of them */
	__u64 seen_full; /* stacks that crossed again because `seen` was full; no loss */
	__u64 drops[N_DROPS];
	__u64 ends[N_WALK_ENDS]; /* of user stacks, captures as what they were captured for */
};

/* What both sides keep of processes, in a map that both write. Processes that share a slot take
 * each other for new ones, or capture less; nothing goes wrong. */
struct process_slot {
	__u32 generation;     /* written by user space: stacks of another one are other stacks */
	__u32 captured_pages; /* sent by the kernel side and not yet answered by user space */
};

static inline __u32 process_slot(__u32 tgid, __u64 exec_id)
{
	return (tgid ^ (__u32)exec_id * 40503u) % PROCESS_SLOTS;
}

/* Identity of what was sampled; equal keys are added up. */
struct count_key {
	__u64 user_stack;   /* id of a struct stack_record, or STACK_* */
	__u64 kernel_stack; /* the same */
	__u64 cgroup;       /* cgroup2 id (the inode of its directory) */
	__u64 start_ns;
	__u32 tgid;
	__u32 tid;
	__u16 event;
	__u16 cpu;   /* 0 unless asked for */
	__u32 block; /* of time, 0 unless asked for */
	char process[16];
	char thread[16];
	/* Only with config.long_keys, for sources that need them: else the map's keys, which are of
	 * the size that is set before loading, end here (COUNT_KEY_BYTES). */
	__u64 other_stack; /* of who has to do with it: a waker, an unlocker */
	__u64 tag;         /* the object it is about: a lock's address, a size */
	__u32 cause;
	__u32 pad;
};

#define COUNT_KEY_BYTES __builtin_offsetof(struct count_key, other_stack)

struct count_value {
	__u64 samples;
	__u64 value; /* summed sample period, in the event's unit */
	/* How long the thread had run, in nanoseconds, at the first and at the last of them; 0: the
	 * kernel does not account to it what was sampled. */
	__u64 first_runtime, last_runtime;
	__u64 exec_id; /* of its process, at the last of them */
};

enum record_type {
	RECORD_USER_STACK = 1,
	RECORD_KERNEL_STACK,
	RECORD_TARGETS_GONE,
	RECORD_WAKE,
	RECORD_PIECE,
	RECORD_CAPTURE,
	RECORD_ROOT,
	RECORD_WITNESS, /* what the walk made of the capture before it: a stack_record with its id
			 */
};

/* `top` of a capture that was made for a witness. */
enum { WITNESSED = 1 };

/* In a frame that was walked by tables: the address is that of the next instruction (a signal came
 * there), not one behind a call. The leaf is exact without saying so. */
#define FRAME_EXACT (1ull << 63)
/* A frame pointer led there, or what code seems to do: behind such a frame a return address of 0 is
 * no proof of the stack's end. */
#define FRAME_GUESSED (1ull << 62)
/* The function below has no rule at all, and whether it has a frame is not known: its caller may
 * have been passed over. */
#define FRAME_CHAINED (1ull << 61)
#define FRAME_ADDRESS (FRAME_CHAINED - 1)

/* Head of every ring record. A stack follows with `n_tail` words, then `n_frames` words, leaf
 * first; frames above the leaf are return addresses. */
struct stack_record {
	__u32 type;
	__u32 tgid;
	__u64 time_ns;
	__u64 id;
	__u32 n_frames;
	__u16 n_tail;
	__u16 end;     /* enum walk_end */
	__u64 cfa;     /* address of tail[0]: the stack pointer in the caller of the last frame */
	__u64 fp;      /* frame pointer in that caller */
	__u64 top;     /* the word at the leaf's stack pointer, if a return address; else 0 */
	__u32 version; /* of the process's mappings that the walk went by */
	__u32 serial;  /* the same, as process_maps has it; a child's may be its parent's */
};

/* A page, or less, of a captured stack. */
struct piece_record {
	__u32 type;
	__u32 bytes;
	__u64 capture;
	__u64 address;
	__u8 data[CAPTURE_PAGE];
};

/* A stack that the kernel side could not unwind: its pieces came before it. */
struct capture_record {
	struct stack_record head; /* without frames; end: why */
	__u64 start_ns, exec_id;  /* of the process */
	__u64 present;     /* pages from that of the red zone on whose pieces came, one bit each */
	__u64 stack_bytes; /* that follow in user space, once the pieces are joined */
	__u32 is_return;   /* the program counter is behind a system call */
	__u32 leaf_call;   /* enum leaf_call */
	__u64 registers[17]; /* in DWARF's order */
};

/* What a capture with those pages counts for, until it is answered. */
static inline __u32 capture_pages(__u64 present)
{
	return 1 + (__u32)__builtin_popcountll(present);
}

_Static_assert(sizeof(struct count_key) == 104 && COUNT_KEY_BYTES == 80, "count_key has padding");
_Static_assert(sizeof(struct stack_record) == 64, "stack_record has padding");
