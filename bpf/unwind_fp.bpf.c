// SPDX-License-Identifier: GPL-2.0-or-later
/* Walks user stacks by frame pointers, a window of the stack at a time. */
#include "unwind.h"

#include "abi/code_bytes.h"
#include "abi/config.h"
#include "abi/verifier.h"
#include "window.h"

extern const volatile struct config config;

/* A frame further away than this is another stack or no frame at all. */
#define MAX_FRAME_BYTES (16ull << 20)

static __always_inline bool is_frame_after(u64 fp, u64 low)
{
	return fp >= low && fp - low < MAX_FRAME_BYTES && !(fp & 7);
}

/*
 * Takes one frame off the chain. Returns 1 when the walk has ended, with s->end saying how.
 * All of its state is in the scratch: kernels without bpf_loop (before 5.17) call it as a global
 * function, which the verifier looks at once instead of once for each of the 1,024 frames.
 */
static __always_inline int fp_step(struct user_scratch *s)
{
	u64 fp = s->frame.fp, offset = fp - s->window_base, next, ra;
	u32 n = s->n;

	if (n >= config.max_depth) {
		s->end = WALK_DEPTH;
		return 1;
	}
	if (offset > WINDOW_BYTES || offset + 16 > s->window_bytes) {
		s->window_bytes = window_fill(s, fp);
		s->window_base = fp;
		offset = 0;
		if (!s->window_bytes) {
			s->end = WALK_UNREADABLE;
			return 1;
		}
	}
	KEEP_CLAMP(offset);
	next = s->window[(offset / 8) & (WINDOW_WORDS - 1)];
	ra = s->window[(offset / 8 + 1) & (WINDOW_WORDS - 1)];
	if (ra < 4096 || ra >= USER_SPACE_END) {
		s->end = WALK_NOT_CODE;
		return 1;
	}
	s->last_hash = s->hash;
	s->last_cfa = s->cfa;
	s->last_fp = fp;
	s->hash = hash_mix(s->hash, s->last_ip);
	s->last_ip = ra;
	s->frames[n & (MAX_USER_FRAMES - 1)] = ra;
	s->n = n + 1;
	s->cfa = fp + 16;
	s->frame.fp = next;
	if (is_frame_after(next, fp + 16))
		return 0;
	s->end = next ? WALK_BACKWARDS : WALK_ZERO;
	return 1;
}

__noinline __weak int fp_step_alone(u32 level)
{
	struct user_scratch *s = scratch_get(level);

	return s ? fp_step(s) : 1;
}

static __maybe_unused long fp_step_in_loop(u32 i, struct user_scratch **s)
{
	return fp_step(*s);
}

static __always_inline void fp_walk(struct user_scratch *s)
{
	if (LOOP(MAX_USER_FRAMES, fp_step_in_loop, &s))
		return;
	for (int i = 0; i < MAX_USER_FRAMES; i++)
		if (fp_step_alone(s->level))
			return;
}

/* The bytes before `ra`; false: the page is not present. */
static __always_inline bool bytes_before(u64 ra, u64 *ret)
{
	return !bpf_probe_read_user(ret, sizeof(*ret), (void *)(ra - 8));
}

/*
 * Code built without frame pointers leaves anything in the register, so the last "return address"
 * found may be data.
 */
static __always_inline bool is_last_frame(u64 ra, bool end_of_chain)
{
	u64 bytes;

	return !bytes_before(ra, &bytes) || is_call_before(bytes) ||
	       (end_of_chain && is_nop_before(bytes));
}

/*
 * A leaf function that sets up no frame has its return address at the stack pointer, and the frame
 * pointer is still its caller's: without that word the caller would be missing. Whether the leaf is
 * such a function is decided in user space; the word is part of the stack's identity.
 */
static __always_inline u64 leaf_return(struct user_scratch *s)
{
	u64 word, bytes;

	s->window_bytes = window_fill(s, s->frame.sp);
	s->window_base = s->frame.sp;
	word = s->window[0];
	if (!s->window_bytes || word < 4096 || word >= USER_SPACE_END)
		return 0;
	return bytes_before(word, &bytes) && is_call_before(bytes) ? word : 0;
}

__hidden int unwind_by_frame_pointers(u32 level)
{
	struct user_scratch *s = scratch_get(level);

	if (!s)
		return -1;
	s->window_bytes = 0;
	s->frames[0] = s->last_ip = s->frame.pc;
	s->n = 1;
	s->cfa = 0;
	s->end = WALK_NOT_CODE;
	s->head.top = s->frame.sp & 7 ? 0 : leaf_return(s);
	s->hash = hash_mix(s->hash, s->head.top);
	if (is_frame_after(s->frame.fp, s->frame.sp)) {
		fp_walk(s);
		if (s->n > 1 && s->end != WALK_DEPTH &&
		    !is_last_frame(s->last_ip, s->end == WALK_ZERO)) {
			s->n--;
			s->last_ip = s->frames[(s->n - 1) & (MAX_USER_FRAMES - 1)];
			s->hash = s->last_hash;
			s->cfa = s->last_cfa;
			s->frame.fp = s->last_fp;
			s->end = WALK_NOT_CODE;
		}
	} else if (!s->frame.fp) {
		s->end = WALK_ZERO;
	}
	s->hash = hash_mix(s->hash, s->last_ip);
	return 0;
}
