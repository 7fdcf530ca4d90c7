/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The maps that the kernel side and user space share; bpf/README.md says who writes, who reads and
 * why they are this large. Defined in funnel.bpf.c, declared extern by whoever else needs one.
 */
#pragma once

#include "abi/config.h"
#include "abi/records.h"
#include "abi/stack_root.h"
#include "kernel.h"
#include "scratch.h"

struct counts_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_COUNTS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, COUNT_KEY_BYTES); /* set before loading */
	__uint(value_size, sizeof(struct count_value));
};

struct seen_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SEEN);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64);
	__type(value, u8);
};

struct ring_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
};

struct stats_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MAX_LEVELS + 1); /* the last for what found no level */
	__type(key, u32);
	__type(value, struct stats);
};

struct slots_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PROCESS_SLOTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct process_slot);
};

struct targets_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct target_key);
	__type(value, u8);
};

struct targets_cgroup_map {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
};

/* Which levels are worked in, on a CPU. */
struct levels {
	u32 busy[MAX_LEVELS + 1];
};

struct levels_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct levels);
};

/* The store of tables: one of the two is made. The sizes are set before loading. */
struct store_arena_map {
	__uint(type, 33); /* BPF_MAP_TYPE_ARENA, which older headers do not name */
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
};

struct store_array_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 4096);
};

struct processes_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_PROCESSES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u32);
	__type(value, struct process_maps);
};

struct stack_roots_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ROOTS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u32);
	__type(value, struct stack_root);
};

/* One element a CPU; a per-CPU map's values may not be that large. */
struct rule_cache_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct rule_cache);
};
