/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who calls chosen functions, and whom they call.
 *
 * Units: a caller's weight is the part of the function's total that came through it (the outermost
 *        call, where there is recursion: callers add up to the total); a callee's is the part that
 *        went on to it.
 * Owner: peek_release().
 */
#pragma once

#include "analysis/view.h"

struct peek_edge {
	uint32_t function; /* NO_ID: none, the function stands at the root */
	int64_t weight;
};

struct peek {
	uint32_t function;
	struct peek_edge *callers, *callees; /* the heaviest first */
	size_t n_callers, n_callees;
};

struct peeks {
	struct peek *all; /* of the chosen functions with weight, the heaviest first */
	size_t n;
};

/* `chosen`: by function. The view is counted. */
void peek_find(struct peeks *p, const struct view *v, const uint8_t *chosen);
void peek_release(struct peeks *p);

/* Functions whose name matches (heap); NULL and an error when it is no expression. */
uint8_t *functions_matching(const struct view *v, const char *pattern, struct err *err);
