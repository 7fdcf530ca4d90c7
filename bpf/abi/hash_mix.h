/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a word is added to a hash, on both sides. */
#pragma once

#include <linux/types.h>

static inline __attribute__((always_inline)) __u64 hash_mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0xff51afd7ed558ccdull;
	return hash ^ hash >> 32;
}
