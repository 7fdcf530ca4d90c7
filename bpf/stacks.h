/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The second of the funnel's three calls: the stacks of a sample, the kernel's and the user's.
 *
 * A stack crosses to user space once and is counted under its id. What cannot be walked here
 * travels as a capture, under an id of its own: a capture is a stack, never a sample.
 */
#pragma once

#include "capture.h"
#include "maps.h"
#include "registers.h"
#include "roots.h"
#include "unwind.h"

extern const volatile struct config config;
extern struct seen_map seen SEC(".maps");
extern struct ring_map ring SEC(".maps");
extern struct slots_map slots SEC(".maps");
extern struct kernel_scratch_map kernel_scratch SEC(".maps");

/*
 * Is the program counter behind a system call instruction? Not when a program or a signal handler
 * is about to begin, though the kernel was entered by a system call.
 */
static __always_inline bool is_after_syscall(u64 ip)
{
	u16 before;

	return bpf_probe_read_user(&before, sizeof(before), (void *)(ip - 2)) || before == 0x050f ||
	       before == 0x80cd || before == 0x340f;
}

/* Where the registers of user code are: in a perf event's context, or in the kernel's frame of the
 * current task, or they are in the scratch already. */
enum registers { REGISTERS_OF_CONTEXT, REGISTERS_OF_TASK, REGISTERS_GIVEN };

/* Registers of the interrupted user context, also when the sample fell into the kernel. Returns the
 * code segment. */
static __always_inline u64 registers_read(struct user_scratch *s, struct bpf_perf_event_data *ctx,
					  enum registers from)
{
	struct unwind_frame *f = &s->frame;
	u64 cs, syscall = ~0ull;

	if (from == REGISTERS_GIVEN) {
		cs = 0;
	} else if (from == REGISTERS_OF_CONTEXT) {
		REGISTERS_COPY(f->registers[0], &ctx->regs, r);
		cs = ctx->regs.cs;
	} else if (HAS_HELPER(task_pt_regs) && HAS_HELPER(get_current_task_btf)) {
		struct pt_regs___kernel *frame =
			(void *)bpf_task_pt_regs(bpf_get_current_task_btf());

		REGISTERS_COPY(f->registers[0], frame, );
		cs = frame->cs;
		syscall = frame->orig_ax;
	} else {
		struct task_struct *task = (void *)bpf_get_current_task();
		void *end = BPF_CORE_READ(task, stack) + KERNEL_STACK_BYTES;

		bpf_probe_read_kernel(&s->registers, sizeof(s->registers),
				      end - sizeof(s->registers));
		REGISTERS_COPY(f->registers[0], &s->registers, );
		cs = s->registers.cs;
		syscall = s->registers.orig_ax;
	}
	f->pc = f->registers[0][REG_RA];
	f->sp = f->registers[0][REG_SP];
	f->fp = f->registers[0][REG_FP];
	f->is_return = syscall != ~0ull && is_after_syscall(f->pc);
	f->leaf_call = LEAF_CALL_OTHER;
	if (syscall == SYSCALL_EXECVE || syscall == SYSCALL_EXECVEAT)
		f->leaf_call = LEAF_CALL_EXEC;
	else if ((syscall == SYSCALL_CLONE || syscall == SYSCALL_CLONE3) && !f->registers[0][0])
		f->leaf_call = LEAF_CALL_BIRTH;
	f->knows_all = 1;
	f->leaf_is_return = f->is_return;
	f->fp_unknown = f->guessed = f->generated = f->set = f->steps = 0;
	return cs;
}

static __always_inline bool stack_has_crossed(u64 id)
{
	return bpf_map_lookup_elem(&seen, &id);
}

/* Sends a stack across. Returns the id to count it under. */
static __always_inline u64 stack_send(struct stats *st, struct stack_record *head, u64 bytes)
{
	u64 id = head->id, flags = BPF_RB_NO_WAKEUP;
	u8 one = 1;

	head->time_ns = bpf_ktime_get_ns();
	if (bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > RING_WAKE_BYTES)
		flags = BPF_RB_FORCE_WAKEUP;
	if (bpf_ringbuf_output(&ring, head, bytes, flags))
		return STACK_LOST;
	if (bpf_map_update_elem(&seen, &id, &one, BPF_ANY))
		st->seen_full++;
	return id;
}

static __always_inline u64 stack_hash(u64 hash)
{
	hash &= ~STACK_CAPTURE;
	return hash < STACK_FIRST ? hash + STACK_FIRST : hash;
}

/* Hashing up to 127 frames, one of them at a time. */
struct kernel_hash {
	const u64 *frames;
	u64 hash;
};

static long kernel_hash_step(u32 i, struct kernel_hash *h)
{
	h->hash = hash_mix(h->hash, h->frames[i & 127]);
	return 0;
}

static __always_inline u64 kernel_hash(struct kernel_scratch *s, u32 n)
{
	struct kernel_hash h = {.frames = s->frames, .hash = config.hash_seed};

	if (LOOP(n, kernel_hash_step, &h))
		return h.hash;
	for (u32 i = 0; i < MAX_KERNEL_FRAMES; i++) {
		if (i >= n)
			break;
		kernel_hash_step(i, &h);
	}
	return h.hash;
}

static __always_inline u64 kernel_stack(void *ctx, struct stats *st, u32 level)
{
	struct kernel_scratch *s;
	u32 n;
	long bytes;

	s = bpf_map_lookup_elem(&kernel_scratch, &level);
	if (!s)
		return STACK_NONE;
	bytes = bpf_get_stack(ctx, s->frames, MAX_KERNEL_FRAMES * 8, 0);
	if (bytes <= 0)
		return STACK_NONE;
	n = bytes / 8;
	if (n > MAX_KERNEL_FRAMES)
		return STACK_NONE;
	s->head.id = stack_hash(kernel_hash(s, n));
	if (stack_has_crossed(s->head.id))
		return s->head.id;
	s->head.type = RECORD_KERNEL_STACK;
	s->head.n_frames = n;
	return stack_send(st, &s->head, sizeof(s->head) + n * 8);
}

/* A stack of the leaf alone. */
static __always_inline int leaf_alone(struct user_scratch *s, u32 end)
{
	s->frames[0] = s->frame.pc;
	s->n = 1;
	s->end = end;
	s->hash = hash_mix(s->hash, s->frame.pc);
	return 0;
}

/* Walks the stack whose registers are in the scratch. Returns 0, or nonzero when there is none. */
static __always_inline int user_walk(struct user_scratch *s, bool is_compat, bool is_thread)
{
	s->cfa = 0;
	s->head.top = 0;
	if (is_compat)
		return leaf_alone(s, WALK_COMPAT);
	if (!config.by_tables)
		return unwind_by_frame_pointers(s->level);
	/* A thread begins on an empty stack, and whatever was left there before is not its own. */
	if (s->frame.leaf_call == LEAF_CALL_BIRTH && is_thread)
		return leaf_alone(s, WALK_FIRST);
	if (unwind_by_tables(s->level))
		return -1;
	/* So may a process, but most have a copy of their parent's stack. */
	if (s->frame.leaf_call == LEAF_CALL_BIRTH && s->n <= 2 && s->end != WALK_NOT_READY) {
		s->n = 1;
		s->end = WALK_FIRST;
	}
	return 0;
}

/* What user space can walk, having all unwind information, travels whole, while there is room: a
 * stack that is cut says so, a stack that does not arrive is lost. */
static __always_inline bool wants_capture(const struct user_scratch *s)
{
	return config.by_tables &&
	       (s->end == WALK_NOT_READY || s->end == WALK_UNSUPPORTED ||
		(s->end == WALK_NO_MAPPING && !(s->process.flags & PROCESS_LEADS_NOWHERE))) &&
	       bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) < RING_CAPTURE_BYTES;
}

/* Sends the stack whole. Returns its id, STACK_NONE when so many wait to be answered that it has to
 * do with its leaf. */
static __always_inline u64 stack_capture(struct user_scratch *s)
{
	u32 at = process_slot(s->head.tgid, s->sample.who.exec_id), most = capture_pages(~0ull);
	struct process_slot *slot = bpf_map_lookup_elem(&slots, &at);
	int err;

	if (!slot || *(volatile u32 *)&slot->captured_pages >= MAX_CAPTURED_PAGES)
		return STACK_NONE;
	/* Before user space can answer. */
	ADD(&slot->captured_pages, most);
	err = capture_send(s);
	ADD(&slot->captured_pages, (err ? 0 : capture_pages(s->copy.present)) - most);
	return err ? STACK_LOST : s->copy.id;
}

static __always_inline u64 user_stack_send(struct user_scratch *s, struct stats *st)
{
	bool has_rest = config.by_tables && s->end == WALK_DEPTH, knows_root = true;
	u32 n = s->n;

	if (n > MAX_USER_FRAMES)
		return STACK_NONE;
	if (has_rest)
		knows_root = root_add(s->level);
	/* By other mappings it is another stack: what was walked by those of before is not
	 * believed. */
	s->head.id = stack_hash(hash_mix(s->hash, s->head.version));
	if (stack_has_crossed(s->head.id))
		return s->head.id;
	if (!knows_root)
		root_send(s->level, s->head.id);
	s->head.type = RECORD_USER_STACK;
	s->head.n_frames = n;
	s->head.end = s->end;
	s->head.cfa = has_rest ? s->frame.sp : s->cfa;
	s->head.fp = s->frame.fp;
	s->head.n_tail = TAIL_WORDS;
	if (!has_rest && (!s->cfa || bpf_probe_read_user(s->tail, sizeof(s->tail), (void *)s->cfa)))
		s->head.cfa = 0;
	return stack_send(st, &s->head, sizeof(s->head) + sizeof(s->tail) + n * 8);
}

/* For tests: the sample whole, and what the walk made of it. */
static __always_inline void witness_send(struct user_scratch *s)
{
	u32 n = s->n;
	int err;

	s->head.top = WITNESSED;
	err = capture_send(s);
	s->head.top = 0;
	if (err || n > MAX_USER_FRAMES)
		return;
	s->head.type = RECORD_WITNESS;
	s->head.id = s->copy.id;
	s->head.n_frames = n;
	s->head.n_tail = TAIL_WORDS;
	s->head.end = s->end;
	bpf_ringbuf_output(&ring, &s->head, sizeof(s->head) + sizeof(s->tail) + n * 8,
			   BPF_RB_FORCE_WAKEUP);
}

static __always_inline u64 user_stack(struct bpf_perf_event_data *ctx, struct stats *st,
				      struct user_scratch *s, enum registers from)
{
	const struct count_key *key = &s->sample.key;
	const struct who *w = &s->sample.who;
	u32 tgid = key->tgid, at = process_slot(tgid, 0);
	u64 cs = registers_read(s, ctx, from), id = STACK_NONE;
	struct process_slot *slot;

	if (!s->frame.pc || s->frame.pc >= USER_SPACE_END)
		return STACK_NONE;
	slot = bpf_map_lookup_elem(&slots, &at);
	s->seed = hash_mix(config.hash_seed ^ w->start_ns, (u64)tgid << 32 | w->exec_id);
	s->seed = hash_mix(s->seed, w->generation ^ (u64)(slot ? slot->generation : 0) << 40);
	s->hash = s->seed;
	s->head.tgid = tgid;
	s->head.version = s->head.serial = 0;
	if (user_walk(s, cs == USER32_CS, key->tid != tgid))
		return STACK_NONE;
	if (s->end < N_WALK_ENDS)
		st->ends[s->end]++;
	if (config.witness)
		witness_send(s);
	if (s->frame.leaf_call == LEAF_CALL_EXEC && s->end == WALK_UNREADABLE)
		return STACK_NONE;
	if (wants_capture(s)) {
		id = stack_capture(s);
		if (id)
			return id;
		s->hash = s->seed;
		s->frame.pc = s->frames[0];
		leaf_alone(s, WALK_PENDING);
		s->hash = hash_mix(s->hash, WALK_PENDING);
	}
	return user_stack_send(s, st);
}

/* Takes the stacks of the sample in the scratch: of the current task, whose kernel stack `ctx`
 * knows. */
static __always_inline void stacks_take(void *ctx, struct user_scratch *s, struct stats *st,
					bool in_kernel, enum registers from)
{
	struct count_key *key = &s->sample.key;

	if (config.kernel_stacks && in_kernel)
		key->kernel_stack = kernel_stack(ctx, st, s->level);
	if (config.user_stacks && s->sample.who.has_user)
		key->user_stack = user_stack(ctx, st, s, from);
}
