/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A piece of code, each instruction of which is read once, and what can be told of it by looking at
 * a few instructions.
 *
 * Units: offsets from the piece's first byte.
 * Owner: code_piece_release(); code and reader stay the caller's.
 */
#pragma once

#include "elf/insn.h"

struct code_piece {
	struct insn_reader *reader;
	const uint8_t *code;
	uint32_t n; /* bytes */
	uint64_t address;
	uint32_t *insn_at; /* by offset: number + 1; of one that is none, UINT32_MAX */
	struct insn *insns;
	size_t n_insns, cap_insns;
};

/* `n` bytes that lie at `address`. */
struct code_piece code_piece_new(struct insn_reader *reader, const uint8_t *code, uint32_t n,
				 uint64_t address);
void code_piece_release(struct code_piece *p);
/* NULL: there is none at that offset. Valid until the next call. */
const struct insn *code_piece_insn(struct code_piece *p, uint32_t offset);
/* Has code_piece_insn() found one there? */
bool code_piece_was_read(const struct code_piece *p, uint32_t offset);
/* The offset of an address; p->n when it lies elsewhere. */
uint32_t code_piece_offset(const struct code_piece *p, uint64_t address);
/* Does it lie where compilers put functions, unless they save room? */
bool code_piece_is_aligned(const struct code_piece *p, uint32_t offset);
/* Padding from `offset` on: where it ends. Of very much only the first part. */
uint32_t code_piece_padding_end(struct code_piece *p, uint32_t offset);
/* Does code begin there as functions do: are two registers or more of the caller's saved, in the
 * order in which compilers save them? */
bool code_piece_is_prologue(struct code_piece *p, uint32_t offset);
/* May a call that ends there be one that never returns? Then the next function lies behind it,
 * mostly with padding between the two. */
bool code_piece_may_end(struct code_piece *p, uint32_t offset);
/* Does nothing come behind a call that ends there but the end of the thread or process? */
bool code_piece_leads_to_exit(struct code_piece *p, uint32_t offset);
