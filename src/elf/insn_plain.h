/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions that do not concern the stack, decoded as far as that is known: half of all code,
 * and nearly all of what works on vectors, for which a disassembler that knows everything takes
 * twenty times as long.
 *
 * Shape: an instruction is plain that goes on to the next one, and neither reads nor writes the
 *        stack or frame pointer but to address what is no word of the stack. What is not certain is
 *        not plain.
 * Source: Intel's manual, volume 2, chapter 2 and appendix A.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Its length, and the general registers that it may write, by DWARF's numbers, one bit each.
 * Returns 0 when it is not plain. */
unsigned insn_plain(const uint8_t *code, size_t n, uint32_t *ret_writes);
/* DWARF's number of a register as instructions number it, 0 to 15. */
unsigned insn_register(unsigned reg);
/* The length of a VEX or EVEX instruction, plain or not; 0: it is none. */
unsigned insn_vector_length(const uint8_t *code, size_t n);
