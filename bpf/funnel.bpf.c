// SPDX-License-Identifier: GPL-2.0-or-later
/* The funnel of the perf events, which are samples of the current task at a moment; and all maps.
 */
#include "funnel.h"

#include "counts.h"
#include "identity.h"
#include "levels.h"
#include "stacks.h"

struct counts_map counts_a SEC(".maps");
struct counts_map counts_b SEC(".maps");
struct seen_map seen SEC(".maps");
struct ring_map ring SEC(".maps");
struct stats_map stats SEC(".maps");
struct slots_map slots SEC(".maps");
struct targets_map targets SEC(".maps");
struct targets_cgroup_map targets_cgroup SEC(".maps");
struct user_scratch_map user_scratch SEC(".maps");
struct kernel_scratch_map kernel_scratch SEC(".maps");
struct levels_map levels_busy SEC(".maps");
struct store_arena_map store_arena SEC(".maps");
struct store_array_map store_array SEC(".maps");
struct processes_map processes SEC(".maps");
struct stack_roots_map stack_roots SEC(".maps");
struct rule_cache_map rule_cache SEC(".maps");

const volatile struct config config = {};

/* Which of the two count maps is written; flipped by user space, which then waits (membarrier). */
__u32 counts_index = 0;
/* Keys in that map, reset by user space; half full wakes it. */
__u32 counts_used = 0;
/* The time, as tables remember when they were last used; set by user space. */
__u32 store_epoch = 0;

__hidden int take_sample(struct bpf_perf_event_data *ctx, u32 event, u64 value)
{
	struct task_struct *task = current_task();
	bool in_kernel = (long)ctx->regs.rip < 0;
	struct user_scratch *s;
	struct stats *st;

	if (!is_wanted(task, true))
		return 0;
	s = level_enter(1, &st);
	if (!s)
		return 0;
	identity_read(&s->sample, task, true, event);
	if (in_kernel && is_accounted_apart(task, ctx->regs.rsp))
		s->sample.one.first_runtime = s->sample.one.last_runtime = 0;
	stacks_take(ctx, s, st, in_kernel, in_kernel ? REGISTERS_OF_TASK : REGISTERS_OF_CONTEXT);
	count_add(s, st, 1, value);
	level_leave(s);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
