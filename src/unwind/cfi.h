/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Call frame information (.eh_frame, .debug_frame) into unwind rules, in one pass.
 *
 * Shape: the bytes are hostile; an entry that makes no sense is left out, and a rule that the
 *        kernel side cannot follow becomes CFA_UNSUPPORTED, never another rule.
 * Source: DWARF 5 section 6.4; LSB 5.0 chapter 10.6 for .eh_frame.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/rows.h"

struct cfi_section {
	const uint8_t *bytes;
	size_t n;
	uint64_t address; /* of the section in the file's address space */
	bool is_debug_frame;
};

/* Adds the rows of every function that the section describes. */
void cfi_compile(const struct cfi_section *section, struct rows *rows);
