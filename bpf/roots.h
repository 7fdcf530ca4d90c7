/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tells stacks apart that are deeper than a walk goes: the thread, and what its root end
 * holds. */
#pragma once

#include "abi/stack_root.h"
#include "maps.h"

extern struct stack_roots_map stack_roots SEC(".maps");

/* Adds the root end of the thread to the hash of the stack in the scratch, and to its record how to
 * go on. A global function: the verifier looks at it once. */
__noinline __weak int root_add(u32 level)
{
	struct user_scratch *s = scratch_get(level);
	struct stack_root *root;
	u64 word, at, sum = 0;
	u32 tid, n;

	if (!s)
		return 0;
	tid = s->sample.key.tid;
	s->tail[REST_PC] = s->frame.pc;
	s->tail[REST_TID] = tid;
	s->tail[REST_FLAGS] = (s->frame.is_return ? 0 : REST_EXACT) |
			      (s->frame.fp_unknown ? REST_FP_UNKNOWN : 0) |
			      (s->frame.guessed ? REST_GUESSED : 0);
	s->tail[REST_ROOT] = 0;
	s->hash = hash_mix(s->hash, tid);
	root = bpf_map_lookup_elem(&stack_roots, &tid);
	if (!root) {
		s->hash = hash_mix(s->hash, bpf_ktime_get_ns());
		return 0;
	}
	n = root->n;
	for (u32 i = 0; i < MAX_ROOT_FRAMES; i++) {
		if (i >= n)
			break;
		at = root->at[i];
		word = 0;
		bpf_probe_read_user(&word, sizeof(word), (void *)at);
		sum = hash_mix(sum, word);
	}
	s->tail[REST_ROOT] = sum;
	s->hash = hash_mix(s->hash, sum);
	return 0;
}
