/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tells stacks apart that are deeper than a walk goes: the thread, and what its root end
 * holds. */
#pragma once

#include "abi/stack_root.h"
#include "maps.h"

extern struct stack_roots_map stack_roots SEC(".maps");
extern struct ring_map ring SEC(".maps");

/* Sends the words at the end of the thread's stack, if that is known. A global function, as
 * root_add(). */
__noinline __weak int root_send(u32 level, u64 id)
{
	struct user_scratch *s = scratch_get(level);
	u64 end = s ? stack_end(&s->sample.who, s->frame.registers[0][REG_SP]) : USER_SPACE_END;
	struct root_record *r;

	if (bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >= RING_CAPTURE_BYTES)
		return 0;
	if (end == USER_SPACE_END || end < sizeof(r->words))
		return 0;
	r = bpf_ringbuf_reserve(&ring, sizeof(*r), 0);
	if (!r)
		return 0;
	r->type = RECORD_ROOT;
	r->pad = 0;
	r->id = id;
	r->start = (end & ~7ull) - sizeof(r->words);
	if (bpf_probe_read_user(r->words, sizeof(r->words), (void *)r->start))
		bpf_ringbuf_discard(r, BPF_RB_NO_WAKEUP);
	else
		bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}

/* Adds the root end of the thread to the hash of the stack in the scratch, and to its record how to
 * go on. Returns whether what the root holds is known. A global function: the verifier looks at it
 * once. */
__noinline __weak int root_add(u32 level)
{
	struct user_scratch *s = scratch_get(level);
	struct stack_root *root;
	u64 word, at, sum = 0;
	bool known = false;
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
	n = root ? root->n : 0;
	for (u32 i = 0; root && i < MAX_ROOT_FRAMES; i++) {
		if (i >= n)
			break;
		at = root->at[i];
		word = 0;
		bpf_probe_read_user(&word, sizeof(word), (void *)at);
		sum = hash_mix(sum, word);
	}
	for (u32 i = 0; root && i < MAX_ROOT_SUMS; i++)
		known |= sum == root->sums[i];
	/* That there is none to be found is known, too: the sum of no words. */
	if (known)
		s->tail[REST_ROOT] = sum;
	s->hash = hash_mix(s->hash, known ? sum : bpf_ktime_get_ns());
	return known;
}
