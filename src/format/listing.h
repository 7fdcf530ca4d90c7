/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions in detail, as text: callers and callees, source lines and instructions.
 */
#pragma once

#include "analysis/lines.h"
#include "analysis/peek.h"
#include "base/str.h"
#include "profile/code.h"

/* Appends callers and callees of each function, at most `most` of each (0: all). */
void peek_text(const struct view *v, const struct peeks *p, size_t most, struct str *out);
void peek_json(const struct view *v, const struct peeks *p, struct str *out);

struct listing_options {
	const char *source_path; /* folders, or NULL */
	/* Fills the instructions around an offset, or an error; NULL: source only. */
	int (*disassemble)(const void *ctx, mapping_id mapping, uint64_t offset, struct code *ret,
			   struct err *err);
	const void *ctx;
};

/* Appends the lines of one function with their weights. */
void listing_text(const struct view *v, uint32_t function, const struct line_weights *l,
		  const struct listing_options *o, struct str *out);
