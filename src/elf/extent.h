/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far the code goes that a symbol without a size names: up to where it goes elsewhere for good,
 * and nothing in it has jumped beyond.
 *
 * Bounds: MAX_EXTENT_BYTES from the address.
 */
#pragma once

#include "elf/elf_file.h"
#include "elf/insn.h"

enum { MAX_EXTENT_BYTES = 1 << 16 };

/* The bytes from `address` on that are one function's, at most `limit`; at least 1. */
uint64_t code_extent(struct insn_reader *reader, const struct elf_file *elf, uint64_t address,
		     uint64_t limit);
