// SPDX-License-Identifier: GPL-2.0-or-later
/* The funnel of every event source: filter, identity, kernel stack, user stack, count. */
#include "funnel.h"

#include "capture.h"
#include "maps.h"
#include "registers.h"
#include "unwind.h"

struct counts_map counts_a SEC(".maps");
struct counts_map counts_b SEC(".maps");
struct seen_map seen SEC(".maps");
struct ring_map ring SEC(".maps");
struct stats_map stats SEC(".maps");
struct generations_map generations SEC(".maps");
struct targets_map targets SEC(".maps");
struct targets_cgroup_map targets_cgroup SEC(".maps");
struct user_scratch_map user_scratch SEC(".maps");
struct kernel_scratch_map kernel_scratch SEC(".maps");
struct store_arena_map store_arena SEC(".maps");
struct store_array_map store_array SEC(".maps");
struct processes_map processes SEC(".maps");
struct rule_cache_map rule_cache SEC(".maps");

const volatile struct config config = {};

/* Which of the two count maps is written; flipped by user space, which then waits (membarrier). */
__u32 counts_index = 0;
/* Keys in that map, reset by user space; half full wakes it. */
__u32 counts_used = 0;
/* The time, as tables remember when they were last used; set by user space. */
__u32 store_epoch = 0;

/*
 * The generation of an address space, as far as the kernel keeps one. From 6.4 on it counts every
 * change; before, the size of executable memory is all there is, and user space adds what it sees
 * in perf's records (`generations`), some milliseconds late.
 */
#define MM_GENERATION(mm, read)                                                                    \
	({                                                                                         \
		struct mm_struct___seqcount *counted_ = (void *)(mm);                              \
		struct mm_struct___int *counted_int_ = (void *)(mm);                               \
		u64 generation_ = (u64)read(mm, exec_vm) << 32;                                    \
                                                                                                   \
		if (bpf_core_field_exists(counted_->mm_lock_seq.sequence))                         \
			generation_ |= read(counted_, mm_lock_seq.sequence);                       \
		else if (bpf_core_field_exists(counted_int_->mm_lock_seq))                         \
			generation_ |= (u32)read(counted_int_, mm_lock_seq);                       \
		generation_;                                                                       \
	})
#define LOAD(pointer, field) ((pointer)->field)

/* The current task, its leader and address space, whatever the kernel offers: loads through BTF
 * pointers from 5.11 on, probe reads before. */
static __always_inline void who_read(struct who *w, struct count_key *key)
{
	struct task_struct *task, *leader;
	struct mm_struct *mm;

	if (HAS_HELPER(get_current_task_btf)) {
		task = bpf_get_current_task_btf();
		leader = task->group_leader;
		mm = task->mm;
		w->start_ns = leader->start_boottime;
		w->exec_id = leader->self_exec_id;
		w->has_user = mm && !(task->flags & PF_KTHREAD);
		w->generation = mm ? MM_GENERATION(mm, LOAD) : 0;
		w->exec_pages = mm ? mm->exec_vm : 0;
		w->stack_top = mm ? mm->start_stack : 0;
		__builtin_memcpy(key->thread, task->comm, sizeof(key->thread));
		__builtin_memcpy(key->process, leader->comm, sizeof(key->process));
		return;
	}
	task = (void *)bpf_get_current_task();
	leader = BPF_CORE_READ(task, group_leader);
	w->start_ns = BPF_CORE_READ(leader, start_boottime);
	w->exec_id = BPF_CORE_READ(leader, self_exec_id);
	mm = BPF_CORE_READ(task, mm);
	w->has_user = mm && !(BPF_CORE_READ(task, flags) & PF_KTHREAD);
	w->generation = mm ? MM_GENERATION(mm, BPF_CORE_READ) : 0;
	w->exec_pages = mm ? BPF_CORE_READ(mm, exec_vm) : 0;
	w->stack_top = mm ? BPF_CORE_READ(mm, start_stack) : 0;
	bpf_get_current_comm(key->thread, sizeof(key->thread));
	bpf_core_read_str(key->process, sizeof(key->process), &leader->comm);
}

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

/* Registers of the interrupted user context, also when the sample fell into the kernel. Returns the
 * code segment. */
static __always_inline u64 registers_read(struct user_scratch *s, struct bpf_perf_event_data *ctx,
					  bool in_kernel)
{
	struct unwind_frame *f = &s->frame;
	u64 cs, syscall = ~0ull;

	if (!in_kernel) {
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
	f->fp_unknown = f->by_chain = f->set = f->steps = 0;
	return cs;
}

static __always_inline bool is_target(u64 pid_tgid)
{
	struct target_key key = {.kind = TARGET_PROCESS, .id = pid_tgid >> 32};

	if (key.id == config.self_tgid || (!config.idle && !pid_tgid))
		return false;
	if (config.by_uid && (u32)bpf_get_current_uid_gid() != config.uid)
		return false;
	if (config.by_cgroup && bpf_current_task_under_cgroup(&targets_cgroup, 0) != 1)
		return false;
	if (!config.by_task)
		return true;
	if (bpf_map_lookup_elem(&targets, &key))
		return true;
	key.kind = TARGET_THREAD;
	key.id = (u32)pid_tgid;
	return bpf_map_lookup_elem(&targets, &key);
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

static __always_inline u64 stack_id(u64 hash)
{
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

static __always_inline u64 kernel_stack(struct bpf_perf_event_data *ctx, struct stats *st)
{
	struct kernel_scratch *s;
	u32 zero = 0, n;
	long bytes;

	s = bpf_map_lookup_elem(&kernel_scratch, &zero);
	if (!s)
		return STACK_NONE;
	bytes = bpf_get_stack(ctx, s->frames, MAX_KERNEL_FRAMES * 8, 0);
	if (bytes <= 0)
		return STACK_NONE;
	n = bytes / 8;
	if (n > MAX_KERNEL_FRAMES)
		return STACK_NONE;
	s->head.id = stack_id(kernel_hash(s, n));
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
		return unwind_by_frame_pointers();
	/* A thread begins on an empty stack, and whatever was left there before is not its own. */
	if (s->frame.leaf_call == LEAF_CALL_BIRTH && is_thread)
		return leaf_alone(s, WALK_FIRST);
	if (unwind_by_tables())
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

static __always_inline u64 user_stack_send(struct user_scratch *s, struct stats *st)
{
	u32 n = s->n;

	if (n > MAX_USER_FRAMES)
		return STACK_NONE;
	s->head.id = stack_id(s->hash);
	if (stack_has_crossed(s->head.id))
		return s->head.id;
	s->head.type = RECORD_USER_STACK;
	s->head.n_frames = n;
	s->head.end = s->end;
	s->head.cfa = s->cfa;
	s->head.fp = s->frame.fp;
	s->head.n_tail = TAIL_WORDS;
	if (!s->cfa || bpf_probe_read_user(s->tail, sizeof(s->tail), (void *)s->cfa))
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
	s->head.id = s->captures << 16 | bpf_get_smp_processor_id();
	s->head.n_frames = n;
	s->head.n_tail = TAIL_WORDS;
	s->head.end = s->end;
	bpf_ringbuf_output(&ring, &s->head, sizeof(s->head) + sizeof(s->tail) + n * 8,
			   BPF_RB_FORCE_WAKEUP);
}

static __always_inline u64 user_stack(struct bpf_perf_event_data *ctx, struct stats *st,
				      struct user_scratch *s, bool in_kernel)
{
	const struct count_key *key = &s->sample.key;
	const struct who *w = &s->sample.who;
	u32 tgid = key->tgid, slot = tgid % GENERATION_SLOTS, *generation;
	u64 cs = registers_read(s, ctx, in_kernel);

	if (!s->frame.pc || s->frame.pc >= USER_SPACE_END)
		return STACK_NONE;
	generation = bpf_map_lookup_elem(&generations, &slot);
	s->hash = hash_mix(config.hash_seed ^ w->start_ns, (u64)tgid << 32 | w->exec_id);
	s->hash = hash_mix(s->hash, w->generation ^ (u64)(generation ? *generation : 0) << 40);
	s->head.tgid = tgid;
	s->head.version = 0;
	if (user_walk(s, cs == USER32_CS, key->tid != tgid))
		return STACK_NONE;
	if (s->end < N_WALK_ENDS)
		st->ends[s->end]++;
	if (config.witness)
		witness_send(s);
	if (s->frame.leaf_call == LEAF_CALL_EXEC && s->end == WALK_UNREADABLE)
		return STACK_NONE;
	if (wants_capture(s))
		return capture_send(s) ? STACK_LOST : STACK_CAPTURED;
	return user_stack_send(s, st);
}

static const struct stack_record wake = {.type = RECORD_WAKE};

static __always_inline void wake_user(void)
{
	bpf_ringbuf_output(&ring, (void *)&wake, sizeof(wake), BPF_RB_FORCE_WAKEUP);
}

/* Adds the sample to the count of its key. Returns 0, or a negative errno if there is no room. */
static __always_inline int count(struct counts_map *map, const struct sample *sample)
{
	struct count_value *v = bpf_map_lookup_elem(map, &sample->key);
	long err;

	if (!v) {
		err = bpf_map_update_elem(map, &sample->key, &sample->one, BPF_NOEXIST);
		if (!err) {
			if (FETCH_AND_ADD(&counts_used, 1) == MAX_COUNTS / 2)
				wake_user();
			return 0;
		}
		v = bpf_map_lookup_elem(map, &sample->key); /* another CPU was first */
		if (!v)
			return (int)err;
	}
	ADD(&v->samples, 1);
	ADD(&v->value, sample->one.value);
	return 0;
}

/* What is known of a sample before its stacks. */
static __always_inline void sample_begin(struct sample *s, u64 pid_tgid, u32 event, u64 value)
{
	struct count_key *key = &s->key;

	__builtin_memset(key, 0, sizeof(*key));
	key->tgid = pid_tgid >> 32;
	key->tid = (u32)pid_tgid;
	key->event = event;
	key->cpu = config.want_cpu ? bpf_get_smp_processor_id() : 0;
	if (config.block_ns)
		key->block = (bpf_ktime_get_ns() - config.block_start_ns) / config.block_ns;
	key->cgroup = bpf_get_current_cgroup_id();
	who_read(&s->who, key);
	key->start_ns = s->who.start_ns;
	s->one.samples = 1;
	s->one.value = value;
}

__hidden int take_sample(struct bpf_perf_event_data *ctx, u32 event, u64 value)
{
	u64 pid_tgid = bpf_get_current_pid_tgid();
	struct user_scratch *s = scratch_get();
	struct count_key *key;
	struct stats *st;
	u32 zero = 0;
	bool in_kernel;
	int err;

	if (!is_target(pid_tgid))
		return 0;
	st = bpf_map_lookup_elem(&stats, &zero);
	if (!st || !s)
		return 0;
	st->taken++;
	in_kernel = (long)ctx->regs.rip < 0;
	sample_begin(&s->sample, pid_tgid, event, value);
	key = &s->sample.key;
	if (config.kernel_stacks && in_kernel)
		key->kernel_stack = kernel_stack(ctx, st);
	if (config.user_stacks && s->sample.who.has_user)
		key->user_stack = user_stack(ctx, st, s, in_kernel);
	if (key->user_stack == STACK_CAPTURED)
		return 0;
	err = counts_index ? count(&counts_b, &s->sample) : count(&counts_a, &s->sample);
	if (err)
		st->drops[DROP_COUNTS_FULL]++;
	else if (key->user_stack == STACK_LOST || key->kernel_stack == STACK_LOST)
		st->drops[DROP_RING_FULL]++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
