/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that no symbol table lists: the linker's jumps to other libraries (foo@plt), where
 * functions begin by .eh_frame_hdr, what a program's entry calls.
 *
 * Source: the x86-64 psABI, "Procedure Linkage Table"; LSB, "The .eh_frame_hdr section".
 */
#pragma once

#include "elf/sections.h"

/* Bytes of the landing pad (endbr64) that code may begin with. */
size_t landing_pad(const uint8_t *code, size_t n);

/* Visits the entries of .plt, .plt.sec and .plt.got as "name@plt". */
void plt_symbols(struct sections *s, elf_visit *visit, void *ctx);

/* The function that holds the address, by the table for unwinding; `ret_bytes` UINT64_MAX: not
 * known. False: the table has none. */
bool function_range(const struct elf_file *f, uint64_t address, uint64_t *ret_start,
		    uint64_t *ret_bytes);

/* Narrows [*from, *to), which holds the address, to what lies around it in no function of that
 * table.
 */
void function_gap(const struct elf_file *f, uint64_t address, uint64_t *from, uint64_t *to);

/* Visits _start and main, which a program's entry leads to whether or not they have symbols. */
void entry_symbols(const struct elf_file *f, elf_visit *visit, void *ctx);
