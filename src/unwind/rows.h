/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unwind rules of a file while they are collected: functions, each with its rows.
 *
 * Shape: a function covers [lo, hi); a row holds from its address to the next one. Functions may
 *        come in any order and overlap: rows_sort() puts them in order, the earlier source wins.
 * Owner: rows_release().
 * Bounds: what exceeds TABLE_MAX_ROWS is left out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/unwind_rule.h"

struct row {
	uint32_t offset; /* from the function's start */
	uint16_t rule;   /* index in `rules` */
} __attribute__((packed));

/* Both are kept small: writing fresh memory is most of what a large table costs. */
struct row_function {
	uint64_t lo;
	uint32_t bytes;
	uint32_t first; /* row */
	uint32_t n : 28;
	uint32_t source : 4; /* lower wins */
} __attribute__((packed));

struct rows {
	struct row *rows;
	size_t n, cap;
	struct row_function *functions;
	size_t n_functions, cap_functions;
	uint64_t *rules;     /* distinct */
	uint32_t *rule_uses; /* rows of each */
	size_t n_rules, cap_rules;
	uint32_t *rule_slots; /* open addressing: index + 1 */
	size_t n_slots;
	uint32_t source;   /* of the functions that are added */
	uint64_t min, max; /* where code lies: functions elsewhere are left out; 0: anywhere */
	uint64_t work;     /* done so far, see rows_may_go_on() */
	bool bad;          /* the last function was left out */
};

void rows_release(struct rows *rows);
/* Bounds what a hostile file can make us do: false once its instructions are more than any real
 * file's. */
bool rows_may_go_on(struct rows *rows);
/* Begins a function; rows_add() adds to it, in order of address. */
void rows_function(struct rows *rows, uint64_t lo, uint64_t hi);
void rows_add(struct rows *rows, uint64_t address, uint64_t rule);
/* A thread's first function, which has no caller. */
void rows_first_function(struct rows *rows, uint64_t lo, uint64_t hi);
/* Sorts by address. */
void rows_sort(struct rows *rows);

/* Visits rows of the whole file in order of address, without overlaps and repetitions; ends of
 * functions are rows of rule 0 unless the next begins within the padding. */
typedef void row_visit(void *ctx, uint64_t address, uint32_t rule);
enum { ROW_NO_RULE = UINT32_MAX };
void rows_each(const struct rows *rows, row_visit *visit, void *ctx);
