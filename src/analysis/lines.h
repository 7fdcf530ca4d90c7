/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in the source, and at which instructions, chosen functions spend their weight.
 *
 * Shape: sorted by function, then file and line, or module and offset.
 * Units: a line's self is what fell on it, its total also what was called from it; recursion
 *        counts once. An offset is in the module's file.
 * Owner: line_weights_release().
 */
#pragma once

#include "analysis/view.h"

struct line_weight {
	uint32_t function;
	string_id file; /* 0: not known */
	uint32_t line;  /* 0: not known */
	uint32_t start_line;
	int64_t self, total;
};

struct code_weight {
	uint32_t function;
	mapping_id mapping; /* one of its file; NO_ID: none */
	uint64_t offset;
	int64_t self, total;
};

struct line_weights {
	struct line_weight *lines;
	size_t n_lines, cap_lines;
	struct code_weight *code;
	size_t n_code, cap_code;
};

/* `chosen`: by function. */
void line_weights_find(struct line_weights *l, const struct view *v, const uint8_t *chosen);
/* What fell on the code from `from` up to `to`, of `n` weights of one function. */
void code_weights_between(const struct code_weight *c, size_t n, uint64_t from, uint64_t to,
			  int64_t *ret_self, int64_t *ret_total);
void line_weights_release(struct line_weights *l);
