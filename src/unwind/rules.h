/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unwind rules of one address, as far as the stack pointer and the frame pointer go (libdw).
 *
 * Source: DWARF 5 section 6.4; x86-64 psABI table 3.36 for register numbers.
 */
#pragma once

#include <stdint.h>

#include "maps/spaces.h"

enum rule_kind {
	RULE_NONE,   /* no information, or a kind that is not handled */
	RULE_FIRST,  /* the thread's first frame: there is no caller */
	RULE_CALLER, /* the fields below lead to the caller */
};

struct rule {
	uint8_t kind;
	uint8_t cfa_from_fp; /* else from the stack pointer */
	uint8_t fp_saved;    /* at cfa + fp_offset; else unchanged */
	int32_t cfa_offset;
	int32_t ra_offset; /* from the CFA */
	int32_t fp_offset;
};

/* The rule at an address of a process, and the image there (NULL: none). Remembered per image. */
struct rule rule_at(struct images *images, const struct space *space, uint64_t address,
		    struct image **ret_image);
