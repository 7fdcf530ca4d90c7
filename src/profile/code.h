/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The instructions of a function, with the lines they were made of.
 *
 * Units: an offset is in the module's file.
 * Owner: code_release().
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct instruction {
	uint64_t offset;
	char *text;
	char *file;    /* of the innermost inlined function; "" when not known */
	uint32_t line; /* 0: not known */
};

struct code {
	struct instruction *rows; /* by offset */
	size_t n, cap;
};

/* Where an instruction ends, which is where the next one begins. */
uint64_t instruction_end(const struct code *c, size_t i);
void code_release(struct code *c);
