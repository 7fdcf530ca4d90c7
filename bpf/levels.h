/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which scratch memory a program works in: one that has begun may be interrupted by another.
 *
 * Perf events do not interrupt each other (the kernel leaves out one whose CPU is in a program of
 * theirs, or of a kprobe), but a tick enters tracepoints and uprobes (seen on 6.18: 625 of 81,188
 * walks at 10 kHz), an interrupt's tracepoint those of tasks, an NMI any of them; and a task in an
 * uprobe may be preempted by one that comes to another. tests/root/nesting.sh provokes it.
 */
#pragma once

#include "maps.h"

extern struct levels_map levels_busy SEC(".maps");
extern struct stats_map stats SEC(".maps");

/* Takes what nobody works in. An exchange is one instruction (5.12), so that nobody comes between;
 * where there is none, what preempts does not run programs of these kinds. */
static __always_inline bool level_claim(u32 *busy)
{
#ifdef CPROF_OLD
	bool free = !*(volatile u32 *)busy;

	*(volatile u32 *)busy = 1;
	return free;
#else
	return !__sync_lock_test_and_set(busy, 1);
#endif
}

/*
 * Begins work on `samples` samples, which are counted as taken. Returns the scratch of a level, and
 * its counters; NULL when none is free: then they are counted as lost. level_leave() gives it back.
 */
static __always_inline struct user_scratch *level_enter(u64 samples, struct stats **ret_stats)
{
	u32 zero = 0, level;
	struct levels *levels = bpf_map_lookup_elem(&levels_busy, &zero);
	struct user_scratch *s;
	struct stats *st;

	if (!levels)
		return NULL;
#pragma unroll
	for (level = 0; level < MAX_LEVELS; level++)
		if (level_claim(&levels->busy[level]))
			break;
	zero = level < MAX_LEVELS ? level : MAX_LEVELS;
	*ret_stats = st = bpf_map_lookup_elem(&stats, &zero);
	if (!st)
		return NULL;
	if (level == MAX_LEVELS) { /* others may be here too */
		ADD(&st->taken, samples);
		ADD(&st->drops[DROP_NESTED], samples);
		return NULL;
	}
	st->taken += samples;
	s = scratch_get(level);
	if (s)
		s->level = level;
	return s;
}

static __always_inline void level_leave(const struct user_scratch *s)
{
	u32 zero = 0, level = s->level;
	struct levels *levels = bpf_map_lookup_elem(&levels_busy, &zero);

	if (levels && level < MAX_LEVELS)
		*(volatile u32 *)&levels->busy[level] = 0;
}
