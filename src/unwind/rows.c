/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collects the unwind rules of a file. */
#include "unwind/rows.h"

#include "abi/unwind_table.h"
#include "base/hash.h"
#include "base/mem.h"

enum {
	PADDING_BYTES = 15,
	FIRST_SLOTS = 1024,
	MAX_OVERLAPS = 256,
	MAX_WORK = 1 << 27,
	MAX_FUNCTIONS = TABLE_MAX_ROWS / 4
};

void rows_release(struct rows *rows)
{
	free(rows->rows);
	free(rows->functions);
	free(rows->rules);
	free(rows->rule_uses);
	free(rows->rule_slots);
	*rows = (struct rows){0};
}

static void grow_slots(struct rows *r)
{
	size_t n = r->n_slots ? r->n_slots * 2 : FIRST_SLOTS;

	free(r->rule_slots);
	r->rule_slots = mem_array(n, sizeof(*r->rule_slots));
	r->n_slots = n;
	for (size_t i = 0; i < r->n_rules; i++) {
		size_t at = hash_u64(r->rules[i]) & (n - 1);

		while (r->rule_slots[at])
			at = (at + 1) & (n - 1);
		r->rule_slots[at] = (uint32_t)i + 1;
	}
}

static uint32_t rule_add(struct rows *r, uint64_t rule)
{
	size_t at;

	if (r->n_rules * 2 >= r->n_slots)
		grow_slots(r);
	for (at = hash_u64(rule) & (r->n_slots - 1); r->rule_slots[at];
	     at = (at + 1) & (r->n_slots - 1))
		if (r->rules[r->rule_slots[at] - 1] == rule)
			return r->rule_slots[at] - 1;
	if (r->n_rules == TABLE_MAX_RULES - 1 && rule != RULE(CFA_UNSUPPORTED, 0, 0, 0, 0))
		return rule_add(r, RULE(CFA_UNSUPPORTED, 0, 0, 0, 0));
	if (r->n_rules == r->cap_rules) {
		size_t cap = r->cap_rules;

		array_reserve(r->rules, r->cap_rules, r->n_rules + 1);
		array_reserve(r->rule_uses, cap, r->n_rules + 1);
	}
	r->rule_slots[at] = (uint32_t)r->n_rules + 1;
	r->rules[r->n_rules] = rule;
	r->rule_uses[r->n_rules] = 0;
	return (uint32_t)r->n_rules++;
}

bool rows_may_go_on(struct rows *r)
{
	return ++r->work < MAX_WORK;
}

void rows_function(struct rows *r, uint64_t lo, uint64_t hi)
{
	r->bad = lo >= hi || hi - lo > UINT32_MAX || hi > INT64_MAX || r->n >= TABLE_MAX_ROWS ||
		 r->n_functions >= MAX_FUNCTIONS || !rows_may_go_on(r) ||
		 (r->max && (lo < r->min || hi > r->max));
	if (r->bad)
		return;
	array_reserve(r->functions, r->cap_functions, r->n_functions + 1);
	r->functions[r->n_functions++] =
		(struct row_function){lo, (uint32_t)(hi - lo), (uint32_t)r->n, 0, r->source & 15};
}

void rows_add(struct rows *r, uint64_t address, uint64_t rule)
{
	struct row_function *f;
	struct row *last;
	uint32_t index;

	if (r->bad || r->n >= TABLE_MAX_ROWS)
		return;
	f = &r->functions[r->n_functions - 1];
	last = f->n ? &r->rows[r->n - 1] : NULL;
	if (address < f->lo || address - f->lo >= f->bytes ||
	    (last && address < f->lo + last->offset))
		return;
	/* Most rows repeat one of the last few rules: hashing is cheap, comparing is cheaper. */
	index = last && r->rules[last->rule] == rule ? last->rule : rule_add(r, rule);
	if (last && last->rule == index)
		return;
	if (last && f->lo + last->offset == address) {
		r->rule_uses[last->rule]--;
		last->rule = (uint16_t)index;
		r->rule_uses[index]++;
		return;
	}
	array_reserve(r->rows, r->cap, r->n + 1);
	r->rows[r->n++] = (struct row){(uint32_t)(address - f->lo), (uint16_t)index};
	r->rule_uses[index]++;
	f->n++;
}

void rows_first_function(struct rows *r, uint64_t lo, uint64_t hi)
{
	rows_function(r, lo, hi);
	rows_add(r, lo, RULE(CFA_END, 0, 0, 0, 0));
}

static int function_order(const void *a, const void *b)
{
	const struct row_function *x = a, *y = b;

	if (x->lo != y->lo)
		return x->lo < y->lo ? -1 : 1;
	return x->source < y->source ? -1 : x->source > y->source;
}

void rows_sort(struct rows *r)
{
	bool sorted = true;

	for (size_t i = 1; i < r->n_functions && sorted; i++)
		sorted = function_order(&r->functions[i - 1], &r->functions[i]) <= 0;
	if (!sorted)
		qsort(r->functions, r->n_functions, sizeof(*r->functions), function_order);
}

/* Where function `i` ends: a function of a better source cuts it short. */
static uint64_t end_of(const struct rows *r, size_t i)
{
	uint64_t end = r->functions[i].lo + r->functions[i].bytes;

	for (size_t j = i + 1;
	     r->source && j < MIN(r->n_functions, i + MAX_OVERLAPS) && r->functions[j].lo < end;
	     j++)
		if (r->functions[j].source < r->functions[i].source &&
		    r->functions[j].lo > r->functions[i].lo)
			return r->functions[j].lo;
	return end;
}

void rows_each(const struct rows *r, row_visit *visit, void *ctx)
{
	uint64_t covered = 0;
	uint32_t had = ROW_NO_RULE;

	for (size_t i = 0; i < r->n_functions; i++) {
		const struct row_function *f = &r->functions[i];
		uint64_t end = end_of(r, i);

		if (end <= covered)
			continue;
		if (had != ROW_NO_RULE && f->lo > covered + PADDING_BYTES) {
			visit(ctx, covered, ROW_NO_RULE);
			had = ROW_NO_RULE;
		}
		/* What is not told about a function is not what was told about the one before. */
		if (had != ROW_NO_RULE && (!f->n || r->rows[f->first].offset)) {
			visit(ctx, MAX(f->lo, covered), ROW_NO_RULE);
			had = ROW_NO_RULE;
		}
		for (uint32_t j = 0; j < f->n; j++) {
			const struct row *row = &r->rows[f->first + j];
			uint64_t address = MAX(f->lo + row->offset, covered);
			uint64_t next = j + 1 < f->n ? f->lo + row[1].offset : end;

			if (address >= MIN(next, end) || row->rule == had)
				continue;
			visit(ctx, address, row->rule);
			had = row->rule;
		}
		covered = end;
	}
	if (had != ROW_NO_RULE)
		visit(ctx, covered, ROW_NO_RULE);
}
