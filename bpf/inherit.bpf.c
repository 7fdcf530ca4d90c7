// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A forked child has its parent's mappings, from its first event on; what has ended has none.
 *
 * Raw tracepoints: to find the type of a tracepoint's arguments takes libbpf 10 ms for each
 * program.
 */
#include "maps.h"

extern struct processes_map processes SEC(".maps");

SEC("?raw_tp/sched_process_fork")
int BPF_PROG(inherit_fork, struct task_struct *parent, struct task_struct *child)
{
	u32 tgid = BPF_CORE_READ(parent, tgid), of_child = BPF_CORE_READ(child, tgid);
	struct process_maps *of_parent, maps;

	if (of_child == tgid)
		return 0;
	of_parent = bpf_map_lookup_elem(&processes, &tgid);
	if (!of_parent)
		return 0;
	maps = *of_parent;
	if (maps.start_ns != BPF_CORE_READ(parent, group_leader, start_boottime) ||
	    maps.exec_id != BPF_CORE_READ(parent, group_leader, self_exec_id))
		return 0;
	maps.start_ns = BPF_CORE_READ(child, start_boottime);
	maps.exec_id = BPF_CORE_READ(child, self_exec_id);
	/* Where there is no room it is captured when it is sampled, as any process at first. */
	bpf_map_update_elem(&processes, &of_child, &maps, BPF_ANY);
	return 0;
}

SEC("?raw_tp/sched_process_exit")
int BPF_PROG(inherit_exit, struct task_struct *task)
{
	u32 tgid = BPF_CORE_READ(task, tgid);

	if (BPF_CORE_READ(task, signal, live.counter) == 0)
		bpf_map_delete_elem(&processes, &tgid);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
