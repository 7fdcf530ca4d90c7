/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code of files, read as it is walked through: a window that moves along.
 *
 * Shape: all zero is one that has nothing yet.
 * Owner: the caller's; the file must live as long as it is asked for the same one.
 */
#pragma once

#include "elf/elf_file.h"

enum { CODE_WINDOW_BYTES = 4096, MAX_INSN_BYTES = 16 };

struct code_window {
	const struct elf_file *elf;
	uint64_t at;
	size_t n;
	uint8_t bytes[CODE_WINDOW_BYTES];
};

/* The code at an address, at least as much as an instruction takes where the file has that; none:
 * *ret_n is 0. Valid until the next call. */
const uint8_t *code_window_at(struct code_window *w, const struct elf_file *elf, uint64_t address,
			      size_t *ret_n);
