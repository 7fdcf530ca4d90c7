/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the stack stands at each instruction of a piece of code, by following what the code does.
 *
 * Shape: functions are followed from where they begin: what is known to begin one, what is called
 *        directly, and what lies behind padding or behind the end of another. Code that only a
 *        table of jumps leads to is followed with the stack left open, until it returns or comes to
 *        code that is known. A beginning whose stack does not come out even at a return was none.
 * Units: offsets from the piece's first byte.
 * Owner: flow_free(); code and reader stay the caller's.
 */
#pragma once

#include "elf/insn.h"

struct flow;

/* `n` bytes that lie at `address`. */
struct flow *flow_new(struct insn_reader *reader, const uint8_t *code, uint32_t n,
		      uint64_t address);
void flow_free(struct flow *f);
/* A function begins there. */
void flow_begins(struct flow *f, uint32_t offset);
void flow_follow(struct flow *f);
/* The length of the instruction that was met at an offset; 0: none was. */
uint32_t flow_length(struct flow *f, uint32_t offset);
/* Its rule, 0 when nothing is known of it. */
uint64_t flow_rule(struct flow *f, uint32_t offset);
/* Is it a jump behind which lies what leads straight to the end of the thread or process? A stack
 * that was made by hand ends there, with that for a return address. */
bool flow_hides_bottom(struct flow *f, uint32_t offset);
