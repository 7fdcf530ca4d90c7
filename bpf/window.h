/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The piece of a user stack that is being walked: read at once instead of word by word. */
#pragma once

#include "abi/verifier.h"
#include "scratch.h"

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

/* A word of the window; false when it is not in it. */
static __always_inline bool window_word(const struct user_scratch *s, u64 address, u64 *ret)
{
	u64 offset = address - s->window_base;

	if (offset >= s->window_bytes)
		return false;
	KEEP_CLAMP(offset);
	*ret = s->window[(offset / 8) & (WINDOW_WORDS - 1)];
	return true;
}
