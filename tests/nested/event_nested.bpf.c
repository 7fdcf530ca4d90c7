// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Another source of samples, for tests/root/nesting.sh: every system call of what is sampled. It is
 * no perf event, and a clock tick interrupts it in the middle. (The task is read as one would be
 * that is not the current one.)
 */
#include "counts.h"
#include "identity.h"
#include "levels.h"
#include "stacks.h"

const volatile __u32 nested_event; /* its number in the recording */

SEC("?tp_btf/sys_enter")
int BPF_PROG(nested_sample, struct pt_regs *regs, long number)
{
	struct task_struct *task = current_task();
	struct user_scratch *s;
	struct stats *st;

	if (!is_wanted(task, false))
		return 0;
	s = level_enter(1, &st);
	if (!s)
		return 0;
	identity_read(&s->sample, task, false, nested_event);
	stacks_take(ctx, s, st, true, REGISTERS_OF_TASK);
	count_add(s, st, 1, (__u64)number);
	level_leave(s);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
