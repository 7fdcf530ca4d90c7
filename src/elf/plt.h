/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that no symbol table lists: the linker's jumps to other libraries (foo@plt), and where
 * functions begin by .eh_frame_hdr.
 *
 * Source: the x86-64 psABI, "Procedure Linkage Table"; LSB, "The .eh_frame_hdr section".
 */
#pragma once

#include "elf/sections.h"

/* Bytes of the landing pad (endbr64) that code may begin with. */
size_t landing_pad(const uint8_t *code, size_t n);

/* Visits the entries of .plt, .plt.sec and .plt.got as "name@plt". */
void plt_symbols(struct sections *s, elf_visit *visit, void *ctx);

/* Where the function that holds the address begins, by the table for unwinding. False: it has none.
 */
bool function_start(const struct elf_file *f, uint64_t address, uint64_t *ret);
