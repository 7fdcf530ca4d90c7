/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The BPF side on the desk: host functions in the place of the helpers, over a stack in memory.
 *
 * Takes the place of bpf/kernel.h where BPF_ON_HOST is defined.
 */
#pragma once

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define __maybe_unused __attribute__((unused))

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#define SEC(name)
#define __hidden
#undef __weak
#define __weak     __attribute__((weak))
#define __noinline __attribute__((noinline))
#undef __always_inline
#define __always_inline     inline __attribute__((always_inline))
#define __uint(name, value) int name
#define __type(name, value) int name
#define USER_SPACE_END      0x800000000000ull

struct register_frame {
	unsigned long r15;
};

static int host_has_loop = 1;

/* Memory of the walked process: [host_base, host_base + host_len). */
static const char *host_memory;
static u64 host_base, host_len;
static unsigned host_reads;

static long bpf_probe_read_user(void *to, u32 bytes, const void *from)
{
	u64 address = (u64)(uintptr_t)from;

	host_reads++;
	if (address < host_base || address - host_base > host_len ||
	    bytes > host_len - (address - host_base)) {
		memset(to, 0, bytes);
		return -14;
	}
	memcpy(to, host_memory + (address - host_base), bytes);
	return 0;
}

static void *host_scratch;
/* For more than one map. */
static void *(*host_lookup)(void *map, const void *key);

static inline void *bpf_map_lookup_elem(void *map, const void *key)
{
	return host_lookup ? host_lookup(map, key) : host_scratch;
}

static inline u32 bpf_get_smp_processor_id(void)
{
	return 0;
}

#define LOOP(n, step, ctx) (host_has_loop ? (host_loop(n, step, ctx), true) : false)
#define host_loop(n, step, ctx)                                                                    \
	({                                                                                         \
		for (u32 host_i = 0; host_i < (u32)(n); host_i++)                                  \
			if (step(host_i, ctx))                                                     \
				break;                                                             \
	})
