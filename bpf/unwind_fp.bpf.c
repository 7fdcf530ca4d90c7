// SPDX-License-Identifier: GPL-2.0-or-later
/* Walks user stacks by frame pointers, a window of the stack at a time. */
#include "unwind.h"

#include "abi/config.h"

extern struct user_scratch_map user_scratch SEC(".maps");
extern const volatile struct config config;

/* A frame further away than this is another stack or no frame at all. */
#define MAX_FRAME_BYTES (16ull << 20)

static __always_inline struct user_scratch *scratch_get(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&user_scratch, &zero);
}

/* Reads stack from `address` on; returns the bytes read, at least a frame's 16, or 0. */
static __always_inline u32 window_fill(struct user_scratch *s, u64 address)
{
	u32 bytes;

	if (!bpf_probe_read_user(s->window, WINDOW_BYTES, (void *)address))
		return WINDOW_BYTES;
	bytes = (4096 - (address & 4095)) & (WINDOW_BYTES - 8);
	if (bytes >= 16 && !bpf_probe_read_user(s->window, bytes, (void *)address))
		return bytes;
	if (!bpf_probe_read_user(s->window, 16, (void *)address))
		return 16;
	return 0;
}

static __always_inline bool is_frame_after(u64 fp, u64 low)
{
	return fp >= low && fp - low < MAX_FRAME_BYTES && !(fp & 7);
}

/*
 * Follows the chain through one window of stack. Returns 0 when the walk goes on in another window.
 * A global function: the verifier looks at it once, not once for each of the 1,024 calls.
 */
__noinline int fp_walk_window(void)
{
	struct user_scratch *s = scratch_get();
	u64 base, fp;
	u32 bytes, n;

	if (!s)
		return 1;
	base = fp = s->fp;
	bytes = window_fill(s, base);
	if (!bytes) {
		s->end = WALK_UNREADABLE;
		return 1;
	}
	n = s->n;
	for (int i = 0; i < WINDOW_WORDS / 2; i++) {
		u64 offset = fp - base, next, ra;

		if (offset + 16 > bytes) {
			s->fp = fp;
			s->n = n;
			return 0;
		}
		next = s->window[(offset / 8) & (WINDOW_WORDS - 1)];
		ra = s->window[(offset / 8 + 1) & (WINDOW_WORDS - 1)];
		s->end = WALK_NOT_CODE;
		if (ra < 4096 || ra >= USER_SPACE_END)
			break;
		s->end = WALK_DEPTH;
		if (n >= config.max_depth)
			break;
		s->last_hash = s->hash;
		s->last_cfa = s->cfa;
		s->last_fp = fp;
		s->hash = hash_mix(s->hash, s->frames[(n - 1) & (MAX_USER_FRAMES - 1)]);
		s->frames[n & (MAX_USER_FRAMES - 1)] = ra;
		s->cfa = fp + 16;
		n++;
		if (!is_frame_after(next, fp + 16)) {
			s->end = next ? WALK_BACKWARDS : WALK_ZERO;
			fp = next;
			break;
		}
		fp = next;
	}
	s->fp = fp;
	s->n = n;
	return 1;
}

/*
 * Is the word before `ra` the end of a call instruction? Code built without frame pointers leaves
 * anything in the register, so the last "return address" found may be data.
 */
static __always_inline bool is_return_address(u64 ra, bool end_of_chain)
{
	u8 b[8] = {};

	if (bpf_probe_read_user(b, sizeof(b), (void *)(ra - 8)))
		return true; /* the page is not present: nothing speaks against it */
	if (b[3] == 0xe8)
		return true;
	/* ff /2 with every form of operand, from two to seven bytes long */
	if ((b[6] == 0xff && (b[7] & 0x38) == 0x10) || (b[5] == 0xff && (b[6] & 0x38) == 0x10) ||
	    (b[4] == 0xff && (b[5] & 0x38) == 0x10) || (b[2] == 0xff && (b[3] & 0x38) == 0x10) ||
	    (b[1] == 0xff && (b[2] & 0x38) == 0x10))
		return true;
	return end_of_chain && b[7] == 0x90; /* Go: runtime.goexit is entered behind a nop */
}

__hidden int unwind_user(void)
{
	struct user_scratch *s = scratch_get();

	if (!s)
		return -1;
	s->frames[0] = s->ip;
	s->n = 1;
	s->cfa = 0;
	s->end = WALK_NOT_CODE;
	if (is_frame_after(s->fp, s->sp)) {
		for (int i = 0; i < MAX_USER_FRAMES; i++)
			if (fp_walk_window())
				break;
		if (s->n > 1 && s->end != WALK_DEPTH &&
		    !is_return_address(s->frames[(s->n - 1) & (MAX_USER_FRAMES - 1)],
				       s->end == WALK_ZERO)) {
			s->n--;
			s->hash = s->last_hash;
			s->cfa = s->last_cfa;
			s->fp = s->last_fp;
			s->end = WALK_NOT_CODE;
		}
	} else if (!s->fp) {
		s->end = WALK_ZERO;
	}
	s->hash = hash_mix(s->hash, s->frames[(s->n - 1) & (MAX_USER_FRAMES - 1)]);
	return 0;
}
