/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where functions seem to begin in code of which nothing tells it (hand-written assembly, generated
 * code): where a call leads, and behind what goes elsewhere for good, where nothing has jumped
 * beyond.
 *
 * Shape: addresses in rising order. They serve to count together what belongs together, no more:
 *        a jump through a table may part a function, a jump ahead may join two.
 * Bounds: one in two bytes of code; the caller bounds those.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "elf/insn.h"

struct boundaries {
	uint64_t *starts;
	size_t n, cap;
};

void boundaries_release(struct boundaries *b);
/* A function begins there: known before boundaries_find(), which sorts. */
void boundaries_add(struct boundaries *b, uint64_t address);
/* Finds those of `n` bytes of code that lie at `address`, where one begins too. */
void boundaries_find(struct boundaries *b, struct insn_reader *reader, const uint8_t *code,
		     size_t n, uint64_t address);
/* The last one at or before the address; 0: there is none. */
uint64_t boundaries_before(const struct boundaries *b, uint64_t address);
/* The first one behind the address; UINT64_MAX: there is none. */
uint64_t boundaries_behind(const struct boundaries *b, uint64_t address);
