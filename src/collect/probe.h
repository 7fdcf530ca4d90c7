/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking the kernel for a little, to see whether it gives it.
 * Errors: negative errno.
 */
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

enum { PROBE_ARENA = 33 }; /* BPF_MAP_TYPE_ARENA, which older headers do not name */

/* Makes such a map, and closes it again. */
int probe_map(enum bpf_map_type type, uint32_t key_bytes, uint32_t value_bytes, uint32_t entries,
	      uint32_t flags);
/* May sampling programs call this helper? */
bool probe_helper(enum bpf_func_id helper);

/* The smallest ring buffer, and the smallest arena. */
static inline int probe_ring(void)
{
	return probe_map(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0);
}

static inline int probe_arena(void)
{
	return probe_map((enum bpf_map_type)PROBE_ARENA, 0, 0, 1, BPF_F_MMAPABLE);
}
