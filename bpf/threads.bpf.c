// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What every thread is doing: an iterator that writes each one's registers, kernel stack and the
 * upper end of its user stack. No thread is stopped; one that ran meanwhile is marked.
 */
#include "abi/records.h"
#include "abi/snapshot.h"
#include "kernel.h"
#include "registers.h"

/* Set by user space before it reads. */
__u32 snapshot_tgid = 0;      /* 0: all */
__u32 snapshot_self_tgid = 0; /* left out */
__u32 snapshot_deep_used = 0; /* deep stacks so far; user space sets it to 0 */

struct snapshot_scratch {
	struct snapshot_record record;
	u64 kernel[SNAPSHOT_KERNEL_FRAMES];
	u8 stack[2 * SNAPSHOT_STACK_BYTES]; /* half is used: the verifier adds the parts' largest
					       sizes */
};

/* Working memory. An iterator may sleep and go on elsewhere, so there is one, and one reader. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct snapshot_scratch);
} snapshot_scratch SEC(".maps");

/* Deep stacks, read by user space once the iterator has come to its end. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SNAPSHOT_DEEP_STACKS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, 4);
	__uint(value_size, SNAPSHOT_DEEP_BYTES);
} snapshot_deep SEC(".maps");

static __always_inline u64 switches(const struct task_struct *task)
{
	return task->nvcsw + task->nivcsw;
}

/* When it last came to run, and for how long it has run since. */
static __always_inline u64 ran_until(const struct task_struct *task)
{
	return task->sched_info.last_arrival + task->se.sum_exec_runtime -
	       task->se.prev_sum_exec_runtime;
}

static __always_inline void identity_read(struct snapshot_record *r, struct task_struct *task)
{
	struct task_struct *leader = task->group_leader, *self = bpf_get_current_task_btf();
	struct mm_struct *mm = task->mm;

	r->tgid = task->tgid;
	r->tid = task->pid;
	r->state = task->__state | task->exit_state;
	r->start_ns = leader->start_boottime;
	r->exec_id = leader->self_exec_id;
	r->has_user = mm && !(task->flags & PF_KTHREAD);
	r->stack_top = mm ? mm->start_stack : 0;
	/* That clock is nobody else's: compared with the reader. */
	r->off_ns = 0;
	if (bpf_core_field_exists(task->sched_info.last_arrival) &&
	    ran_until(self) > ran_until(task))
		r->off_ns = ran_until(self) - ran_until(task);
	__builtin_memcpy(r->thread, task->comm, sizeof(r->thread));
	__builtin_memcpy(r->process, leader->comm, sizeof(r->process));
}

static __always_inline void registers_read(struct snapshot_record *r, struct task_struct *task)
{
	struct pt_regs___kernel *frame = (void *)bpf_task_pt_regs(task);

	REGISTERS_COPY(r->registers, frame, );
	r->syscall = frame->orig_ax;
	r->is_compat = frame->cs == USER32_CS;
	r->stack_start = (r->registers[7] & ~7ull) - RED_ZONE;
}

/* As much of the user stack as there is, up to the end of a page, then up to SNAPSHOT_STACK_BYTES.
 */
static __always_inline void stack_read(struct snapshot_scratch *s, struct task_struct *task)
{
	u64 start = s->record.stack_start;
	u32 first = CAPTURE_PAGE - (start & (CAPTURE_PAGE - 1));

	s->record.stack_bytes = 0;
	if (!s->record.has_user || s->record.is_compat)
		return;
	if (first >= SNAPSHOT_STACK_BYTES) {
		if (!bpf_copy_from_user_task(s->stack, SNAPSHOT_STACK_BYTES, (void *)start, task,
					     0))
			s->record.stack_bytes = SNAPSHOT_STACK_BYTES;
		return;
	}
	first &= SNAPSHOT_STACK_BYTES - 1;
	if (bpf_copy_from_user_task(s->stack, first, (void *)start, task, 0))
		return;
	s->record.stack_bytes = first;
	if (!bpf_copy_from_user_task(s->stack + first, SNAPSHOT_STACK_BYTES - first,
				     (void *)(start + first), task, 0))
		s->record.stack_bytes = SNAPSHOT_STACK_BYTES;
}

/* More of the stack, page by page up to its end: of a thread that was preempted, or is about to
 * run, and would have changed it before user space comes to read on. */
static __always_inline void deep_read(struct snapshot_record *r, struct task_struct *task)
{
	u64 address = r->stack_start;
	u32 slot = snapshot_deep_used, at;
	char *deep;

	r->deep_bytes = 0;
	if (task->__state || r->stack_bytes < SNAPSHOT_STACK_BYTES)
		return;
	deep = bpf_map_lookup_elem(&snapshot_deep, &slot);
	if (!deep)
		return;
	at = CAPTURE_PAGE - (address & (CAPTURE_PAGE - 1)); /* from 8 on: it is aligned */
	if (bpf_copy_from_user_task(deep, at, (void *)address, task, 0))
		return;
	while (at <= SNAPSHOT_DEEP_BYTES - CAPTURE_PAGE) {
		if (bpf_copy_from_user_task(deep + at, CAPTURE_PAGE, (void *)(address + at), task,
					    0))
			break;
		at += CAPTURE_PAGE;
	}
	r->deep = slot;
	r->deep_bytes = at;
	snapshot_deep_used = slot + 1;
}

SEC("iter.s/task")
int snapshot_thread(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct snapshot_scratch *s;
	u32 zero = 0, tgid = task ? task->tgid : 0, n;
	u64 before;
	long bytes;

	if (!task || tgid == snapshot_self_tgid || (snapshot_tgid && tgid != snapshot_tgid))
		return 0;
	s = bpf_map_lookup_elem(&snapshot_scratch, &zero);
	if (!s)
		return 0;
	before = switches(task);
	s->record.on_cpu = task->on_cpu;
	identity_read(&s->record, task);
	registers_read(&s->record, task);
	bytes = bpf_get_task_stack(task, s->kernel, sizeof(s->kernel), 0);
	s->record.n_kernel = n = bytes < 0 ? 0 : (u32)bytes / 8;
	stack_read(s, task);
	deep_read(&s->record, task);
	if (task->on_cpu || switches(task) != before)
		s->record.on_cpu = 1;
	if (bpf_seq_write(ctx->meta->seq, &s->record, sizeof(s->record)) ||
	    (n && n <= SNAPSHOT_KERNEL_FRAMES &&
	     bpf_seq_write(ctx->meta->seq, s->kernel, n * sizeof(u64))))
		return 0;
	n = s->record.stack_bytes;
	if (n > SNAPSHOT_STACK_BYTES)
		n = SNAPSHOT_STACK_BYTES;
	bpf_seq_write(ctx->meta->seq, s->stack, n);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
