// SPDX-License-Identifier: GPL-2.0-or-later
/* Keeps the set of targets: a command joins at exec, descendants at fork, everything leaves at
 * exit. */
#include "maps.h"

extern struct targets_map targets SEC(".maps");
extern struct ring_map ring SEC(".maps");

/* Targets alive. User space adds the first ones before it attaches these programs. */
int targets_alive = 0;

static __always_inline void target_remove(u32 kind, u32 id)
{
	struct target_key key = {.kind = kind, .id = id};
	struct stack_record gone = {.type = RECORD_TARGETS_GONE};

	if (bpf_map_delete_elem(&targets, &key))
		return;
	if (FETCH_AND_ADD(&targets_alive, -1) == 1)
		bpf_ringbuf_output(&ring, &gone, sizeof(gone), BPF_RB_FORCE_WAKEUP);
}

SEC("?raw_tp/sched_process_fork")
int BPF_PROG(target_fork, struct task_struct *parent, struct task_struct *child)
{
	struct target_key key = {.kind = TARGET_PROCESS, .id = BPF_CORE_READ(parent, tgid)};
	u32 of_child = BPF_CORE_READ(child, tgid);
	u8 one = 1;

	if (of_child == key.id || !bpf_map_lookup_elem(&targets, &key))
		return 0;
	key.id = of_child;
	if (!bpf_map_update_elem(&targets, &key, &one, BPF_NOEXIST))
		ADD(&targets_alive, 1);
	return 0;
}

/* A thread that is not its process's first takes that one's number when it runs another program. */
static __always_inline void thread_renumber(u32 before, u32 now)
{
	struct target_key key = {.kind = TARGET_THREAD, .id = now};
	struct target_key old = {.kind = TARGET_THREAD, .id = before};
	u8 one = 1;

	if (before == now || !bpf_map_lookup_elem(&targets, &old))
		return;
	if (!bpf_map_update_elem(&targets, &key, &one, BPF_NOEXIST))
		ADD(&targets_alive, 1);
	target_remove(TARGET_THREAD, before);
}

SEC("?raw_tp/sched_process_exec")
int BPF_PROG(target_exec, struct task_struct *task, int old_pid)
{
	struct target_key key = {.kind = TARGET_COMMAND, .id = BPF_CORE_READ(task, tgid)};
	u8 one = 1;

	thread_renumber((u32)old_pid, BPF_CORE_READ(task, pid));
	if (!bpf_map_lookup_elem(&targets, &key))
		return 0;
	key.kind = TARGET_PROCESS;
	if (bpf_map_update_elem(&targets, &key, &one, BPF_NOEXIST)) {
		target_remove(TARGET_COMMAND, key.id);
		return 0;
	}
	key.kind = TARGET_COMMAND;
	bpf_map_delete_elem(&targets, &key);
	return 0;
}

SEC("?raw_tp/sched_process_exit")
int BPF_PROG(target_exit, struct task_struct *task)
{
	u32 tgid = BPF_CORE_READ(task, tgid);

	target_remove(TARGET_THREAD, BPF_CORE_READ(task, pid));
	if (BPF_CORE_READ(task, signal, live.counter) == 0) {
		target_remove(TARGET_PROCESS, tgid);
		target_remove(TARGET_COMMAND, tgid);
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
