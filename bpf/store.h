/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store of unwind tables as the kernel side reads it: an arena (6.9 and later), else the value
 * of a mapped array. What the kernel does not have, the verifier never sees
 * (config.store_is_arena).
 */
#pragma once

#include "maps.h"

#ifdef BPF_ON_HOST
#include "unwind/store_read.h"

#define STORE_PLACE(store, type, offset) ((type *)((store) + (offset)))

static char *store_get(void)
{
	return host_store;
}
#else

extern const volatile struct config config;
extern struct store_arena_map store_arena SEC(".maps");
extern struct store_array_map store_array SEC(".maps");

/*
 * Makes the offset a pointer into the arena: the instruction that clang before 19 has no name for,
 * a move with offset 1 (address space cast) from space 1 to 0.
 */
#define arena_cast(var)                                                                            \
	asm volatile(".byte 0xbf;"                                                                 \
		     ".ifc %[reg], r0; .byte 0x00; .endif;"                                        \
		     ".ifc %[reg], r1; .byte 0x11; .endif;"                                        \
		     ".ifc %[reg], r2; .byte 0x22; .endif;"                                        \
		     ".ifc %[reg], r3; .byte 0x33; .endif;"                                        \
		     ".ifc %[reg], r4; .byte 0x44; .endif;"                                        \
		     ".ifc %[reg], r5; .byte 0x55; .endif;"                                        \
		     ".ifc %[reg], r6; .byte 0x66; .endif;"                                        \
		     ".ifc %[reg], r7; .byte 0x77; .endif;"                                        \
		     ".ifc %[reg], r8; .byte 0x88; .endif;"                                        \
		     ".ifc %[reg], r9; .byte 0x99; .endif;"                                        \
		     ".short 1; .long 1"                                                           \
		     : [reg] "+r"(var))

/* The store; in an arena there is nothing to point at. NULL: not there. */
static __always_inline char *store_get(void)
{
	u32 zero = 0;

	if (config.store_is_arena) {
		void *arena = &store_arena; /* what a program names is what it may use */

		asm volatile("" : "+r"(arena));
		return (char *)1;
	}
	return bpf_map_lookup_elem(&store_array, &zero);
}

#define STORE_POINTER char *
#define STORE_PLACE(store, type, offset)                                                           \
	({                                                                                         \
		void *at_;                                                                         \
                                                                                                   \
		if (config.store_is_arena) {                                                       \
			at_ = (void *)(u64)(u32)(offset);                                          \
			arena_cast(at_);                                                           \
		} else {                                                                           \
			at_ = (store) + ((u32)(offset)&config.store_mask);                         \
		}                                                                                  \
		(type *)at_;                                                                       \
	})
#define STORE(store, type, offset) (*STORE_PLACE(store, type, offset))

#include "abi/unwind_lookup.h"
#endif
