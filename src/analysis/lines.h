/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in the source, and at which instructions, chosen functions spend their weight.
 *
 * Shape: sorted by function, then file and line.
 * Units: a line's self is what fell on it, its total also what was called from it; recursion
 *        counts once. The same of an instruction. An offset is in the module's file.
 * Owner: line_weights_release().
 */
#pragma once

#include "analysis/view.h"
#include "profile/code.h"

struct line_weight {
	uint32_t function;
	string_id file; /* 0: not known */
	uint32_t line;  /* 0: not known */
	uint32_t start_line;
	int64_t self, total;
	mapping_id mapping; /* that it was first met in */
};

/* Where code of a function lies. */
struct function_code {
	uint32_t function;
	mapping_id mapping; /* one of its file; NO_ID: none */
	uint64_t offset;
};

struct code_weight {
	int64_t self, total;
};

struct line_weights {
	struct line_weight *lines;
	size_t n_lines, cap_lines;
	struct function_code *code; /* the lowest offset of each function */
	size_t n_code, cap_code;
};

/* `chosen`: by function. */
void line_weights_find(struct line_weights *l, const struct view *v, const uint8_t *chosen);
/* The place of a function's code; NULL: none was met. */
const struct function_code *line_weights_code(const struct line_weights *l, uint32_t function);
void line_weights_release(struct line_weights *l);
/* What fell on each instruction of a function (heap). */
struct code_weight *code_weights(const struct view *v, uint32_t function, const struct code *code);
