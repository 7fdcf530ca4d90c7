/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first of the funnel's three calls: who is it, and is it wanted?
 *
 * Of any task, the current one or another, whatever the kernel offers: loads through BTF pointers
 * from 5.11 on, probe reads before.
 */
#pragma once

#include "maps.h"

extern const volatile struct config config;
extern struct targets_map targets SEC(".maps");
extern struct targets_cgroup_map targets_cgroup SEC(".maps");

/*
 * The generation of an address space, as far as the kernel keeps one. From 6.4 on it counts every
 * change; before, the size of executable memory is all there is, and user space adds what it sees
 * in perf's records (struct process_slot), some milliseconds late.
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

/* A field of a task, or of what its fields lead to. */
#define TASK_READ(task, path)                                                                      \
	(HAS_HELPER(get_current_task_btf) ? (task)->path : TASK_PROBE(task, path))
#define TASK_PROBE(task, path)                                                                     \
	({                                                                                         \
		typeof((task)->path) value_;                                                       \
                                                                                                   \
		bpf_core_read(&value_, sizeof(value_), &(task)->path);                             \
		value_;                                                                            \
	})

static __always_inline struct task_struct *current_task(void)
{
	return HAS_HELPER(get_current_task_btf) ? bpf_get_current_task_btf()
						: (void *)bpf_get_current_task();
}

/* Was the kernel interrupted on another stack than the task's? Then a software interrupt was at
 * work, which kernels that account interrupts by themselves (CONFIG_IRQ_TIME_ACCOUNTING) do not
 * take for the task's time. */
static __always_inline bool is_accounted_apart(struct task_struct *task, u64 sp)
{
	struct rq *queue = NULL;

	return bpf_core_field_exists(queue->prev_irq_time) &&
	       sp - (u64)TASK_READ(task, stack) >= MAX_KERNEL_STACK;
}

/* The cgroup2 that the task is in. */
static __always_inline struct cgroup *task_cgroup(struct task_struct *task)
{
	return HAS_HELPER(get_current_task_btf) ? task->cgroups->dfl_cgrp
						: BPF_CORE_READ(task, cgroups, dfl_cgrp);
}

static __always_inline u64 cgroup_id(struct cgroup *group)
{
	return HAS_HELPER(get_current_task_btf) ? group->kn->id : BPF_CORE_READ(group, kn, id);
}

/* Is that the cgroup, or does it lie below it? */
static __always_inline bool is_in_cgroup(struct cgroup *group, u64 id)
{
	struct cgroup___ids *with_ids = (void *)group;
	u32 level = BPF_CORE_READ(group, level);
	struct cgroup *ancestor;
	u64 ancestor_id;

	for (u32 i = 0; i < MAX_CGROUP_DEPTH && i <= level; i++) {
		/* Ids up to 6.0, then pointers. */
		if (bpf_core_field_exists(with_ids->ancestor_ids)) {
			bpf_probe_read_kernel(
				&ancestor_id, sizeof(ancestor_id),
				(void *)group + bpf_core_field_offset(with_ids->ancestor_ids) +
					i * 8);
		} else {
			bpf_probe_read_kernel(
				&ancestor, sizeof(ancestor),
				(void *)group + bpf_core_field_offset(group->ancestors) + i * 8);
			ancestor_id = BPF_CORE_READ(ancestor, kn, id);
		}
		if (ancestor_id == id)
			return true;
	}
	return false;
}

/* `is_current`, known when compiling: then helpers tell, and the structures of cgroups and
 * credentials, which libbpf would have to look for at every start, are not named. */
static __always_inline bool is_wanted(struct task_struct *task, bool is_current)
{
	struct target_key key = {.kind = TARGET_PROCESS, .id = TASK_READ(task, tgid)};
	u32 pid = TASK_READ(task, pid), uid;

	if (key.id == config.self_tgid || (!config.idle && !pid))
		return false;
	if (config.by_uid) {
		uid = is_current ? (u32)bpf_get_current_uid_gid()
				 : BPF_CORE_READ(task, cred, uid.val);
		if (uid != config.uid)
			return false;
	}
	if (config.by_cgroup && is_current &&
	    bpf_current_task_under_cgroup(&targets_cgroup, 0) != 1)
		return false;
	if (config.by_cgroup && !is_current && !is_in_cgroup(task_cgroup(task), config.cgroup_id))
		return false;
	if (!config.by_task)
		return true;
	if (bpf_map_lookup_elem(&targets, &key))
		return true;
	key.kind = TARGET_THREAD;
	key.id = pid;
	return bpf_map_lookup_elem(&targets, &key);
}

static __always_inline void who_read(struct who *w, struct count_key *key, struct task_struct *task)
{
	struct task_struct *leader;
	struct mm_struct *mm;

	if (HAS_HELPER(get_current_task_btf)) {
		leader = task->group_leader;
		mm = task->mm;
		w->start_ns = leader->start_boottime;
		w->exec_id = leader->self_exec_id;
		w->has_user = mm && !(task->flags & PF_KTHREAD);
		w->generation = mm ? MM_GENERATION(mm, LOAD) : 0;
		w->exec_pages = mm ? mm->exec_vm : 0;
		w->stack_top = mm ? mm->start_stack : 0;
		w->thread_pointer = task->thread.fsbase;
		__builtin_memcpy(key->thread, task->comm, sizeof(key->thread));
		__builtin_memcpy(key->process, leader->comm, sizeof(key->process));
		return;
	}
	leader = BPF_CORE_READ(task, group_leader);
	w->start_ns = BPF_CORE_READ(leader, start_boottime);
	w->exec_id = BPF_CORE_READ(leader, self_exec_id);
	mm = BPF_CORE_READ(task, mm);
	w->has_user = mm && !(BPF_CORE_READ(task, flags) & PF_KTHREAD);
	w->generation = mm ? MM_GENERATION(mm, BPF_CORE_READ) : 0;
	w->exec_pages = mm ? BPF_CORE_READ(mm, exec_vm) : 0;
	w->stack_top = mm ? BPF_CORE_READ(mm, start_stack) : 0;
	w->thread_pointer = BPF_CORE_READ(task, thread.fsbase);
	bpf_core_read_str(key->thread, sizeof(key->thread), &task->comm);
	bpf_core_read_str(key->process, sizeof(key->process), &leader->comm);
}

/* Begins a sample of a task: all of its key but the stacks. */
static __always_inline void identity_read(struct sample *s, struct task_struct *task,
					  bool is_current, u32 event)
{
	struct count_key *key = &s->key;

	__builtin_memset(key, 0, COUNT_KEY_BYTES);
	if (config.long_keys)
		__builtin_memset((char *)key + COUNT_KEY_BYTES, 0, sizeof(*key) - COUNT_KEY_BYTES);
	key->tgid = TASK_READ(task, tgid);
	key->tid = TASK_READ(task, pid);
	key->event = event;
	key->cpu = config.want_cpu ? bpf_get_smp_processor_id() : 0;
	if (config.block_ns)
		key->block = (bpf_ktime_get_ns() - config.block_start_ns) / config.block_ns;
	key->cgroup = is_current ? bpf_get_current_cgroup_id() : cgroup_id(task_cgroup(task));
	who_read(&s->who, key, task);
	key->start_ns = s->who.start_ns;
	s->one.first_runtime = s->one.last_runtime = TASK_READ(task, se.sum_exec_runtime);
	s->one.exec_id = s->who.exec_id;
}
