/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unwind tables as blobs. */
#include "unwind/table.h"

#include <string.h>

#include "base/mem.h"
#include "unwind/store_read.h"

enum { MAX_CHUNKS = 65536, SUBS = 256 /* sub-pages of a chunk */ };

/* -- building -- */

struct builder {
	const struct rows *source;
	uint64_t base;
	uint32_t n_chunks;
	uint32_t *upto;    /* by sub-page: rows in it, later rows up to its end */
	uint32_t *numbers; /* by rule of the source: number in the dictionary, or above it */
	uint64_t *rules;
	uint32_t n_rules;
	uint16_t *rows;
	uint32_t n_rows;
	uint32_t *exceptions; /* row numbers */
	uint16_t *exception_rules;
	uint32_t n_exceptions;
	bool has_carry;   /* the last row has a rule */
	uint8_t *carries; /* by chunk: a rule holds where it begins, or it has rows */
};

struct use {
	uint32_t rule, uses;
};

static int use_order(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	if (x->uses != y->uses)
		return x->uses < y->uses ? 1 : -1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

/* Numbers the rules by frequency. Number 0 is "none". */
static void number_rules(struct builder *b)
{
	const struct rows *r = b->source;
	auto_free struct use *uses = mem_array(r->n_rules, sizeof(*uses));

	for (uint32_t i = 0; i < r->n_rules; i++)
		uses[i] = (struct use){i, r->rule_uses[i]};
	if (r->n_rules)
		qsort(uses, r->n_rules, sizeof(*uses), use_order);
	b->numbers = mem_array(r->n_rules, sizeof(*b->numbers));
	b->rules = mem_array(r->n_rules + 1, sizeof(*b->rules));
	b->n_rules = 1;
	for (uint32_t i = 0; i < r->n_rules; i++) {
		b->numbers[uses[i].rule] = b->n_rules;
		b->rules[b->n_rules++] = r->rules[uses[i].rule];
	}
}

static void put_row(void *ctx, uint64_t address, uint32_t rule)
{
	struct builder *b = ctx;
	uint64_t relative = address - b->base;
	uint32_t number = rule == ROW_NO_RULE ? 0 : b->numbers[rule];

	if (relative >> TABLE_CHUNK_SHIFT >= b->n_chunks)
		return;
	if (number >= TABLE_MAX_DICT) {
		if (b->n_exceptions == TABLE_MAX_EXCEPTIONS - 1)
			return;
		b->exceptions[b->n_exceptions] = b->n_rows;
		b->exception_rules[b->n_exceptions++] = (uint16_t)(number - TABLE_MAX_DICT);
		number = TABLE_EXCEPTION;
	}
	b->rows[b->n_rows++] = (uint16_t)((relative & 0xff) | number << 8);
	b->upto[relative >> 8]++;
}

/* Turns the counts into sums, and notes which chunks are needed. */
static uint32_t table_sum_up(struct builder *b)
{
	uint32_t sum = 0, used = 0;

	for (uint32_t i = 0; i < b->n_chunks; i++) {
		uint32_t before = sum;

		for (uint32_t j = 0; j < SUBS; j++)
			b->upto[i * SUBS + j] = sum += b->upto[i * SUBS + j];
		b->carries[i] = sum > before || (before && b->rows[before - 1] >> 8);
		used += b->carries[i];
	}
	return used;
}

static uint32_t first_of(const struct builder *b, uint32_t sub)
{
	return sub ? b->upto[sub - 1] : 0;
}

static bool is_wide(const struct builder *b, uint32_t sub)
{
	return b->upto[sub + 15] - first_of(b, sub) > UINT8_MAX;
}

static uint32_t count_wide(const struct builder *b)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->n_chunks * TABLE_GROUPS; i++)
		n += is_wide(b, i * 16);
	return n;
}

/* The groups of all chunks, from `at` on; the wide ones' counts lie from `wide` on. */
static void table_put_groups(const struct builder *b, struct table_head *t, uint32_t at,
			     uint32_t wide)
{
	char *blob = (char *)t;
	uint32_t *directory = (void *)(blob + t->directory);

	for (uint32_t i = 0; i < b->n_chunks; i++) {
		if (!b->carries[i])
			continue;
		directory[i] = at;
		for (uint32_t g = 0; g < TABLE_GROUPS; g++) {
			struct table_group *group = (void *)(blob + at);
			uint32_t sub = i * SUBS + g * 16, first = first_of(b, sub);

			at += (uint32_t)sizeof(*group);
			group->first = first;
			for (uint32_t j = 0; j < 16; j++) {
				uint16_t n = (uint16_t)(b->upto[sub + j] - first);

				group->upto[j] = (uint8_t)n;
				if (is_wide(b, sub))
					memcpy(blob + wide + 2 * j, &n, 2);
			}
			if (is_wide(b, sub)) {
				group->first |= TABLE_WIDE;
				memcpy(group->upto, &wide, 4);
				wide += 32;
			}
		}
	}
}

static uint32_t align8(uint64_t n)
{
	return (uint32_t)((n + 7) & ~7ull);
}

static struct table_head *put_together(struct builder *b)
{
	uint32_t used = table_sum_up(b), n_wide = count_wide(b);
	uint32_t groups, wide, directory, rows, exceptions, bytes;
	struct table_head *t;

	directory = (uint32_t)sizeof(*t) + 8 * b->n_rules;
	groups = directory + 4 * b->n_chunks;
	wide = groups + used * TABLE_GROUPS * (uint32_t)sizeof(struct table_group);
	rows = align8(wide + 32ull * n_wide);
	exceptions = align8(rows + 2ull * b->n_rows);
	bytes = align8(exceptions + 6ull * b->n_exceptions);
	t = mem_alloc(bytes);
	*t = (struct table_head){.magic = TABLE_MAGIC,
				 .bytes = bytes,
				 .base = b->base,
				 .n_chunks = b->n_chunks,
				 .n_rows = b->n_rows,
				 .n_dict = MIN(b->n_rules, (uint32_t)TABLE_MAX_DICT),
				 .n_exceptions = b->n_exceptions,
				 .n_rules = b->n_rules,
				 .dict = sizeof(*t),
				 .directory = directory,
				 .rows = rows,
				 .exceptions = exceptions};
	memcpy((char *)t + t->dict, b->rules, 8ull * b->n_rules);
	table_put_groups(b, t, groups, wide);
	memcpy((char *)t + rows, b->rows, 2ull * b->n_rows);
	memcpy((char *)t + exceptions, b->exceptions, 4ull * b->n_exceptions);
	memcpy((char *)t + exceptions + 4ull * b->n_exceptions, b->exception_rules,
	       2ull * b->n_exceptions);
	return t;
}

struct table_head *table_build(const struct rows *source)
{
	struct builder b = {.source = source};
	struct table_head *t;
	uint64_t last = 0;
	size_t most;

	if (!source->n)
		return NULL;
	for (size_t i = 0; i < source->n_functions; i++)
		last = MAX(last, source->functions[i].lo + source->functions[i].bytes);
	b.base = source->functions[0].lo & ~0xffffull;
	b.n_chunks =
		(uint32_t)MIN(((last - b.base) >> TABLE_CHUNK_SHIFT) + 1, (uint64_t)MAX_CHUNKS);
	/* Every function may end with a row of its own. */
	most = source->n + source->n_functions + 1;
	b.upto = mem_array((size_t)b.n_chunks * SUBS, sizeof(*b.upto));
	b.carries = mem_array(b.n_chunks, sizeof(*b.carries));
	b.rows = mem_array(most, sizeof(*b.rows));
	b.exceptions = mem_array(most, sizeof(*b.exceptions));
	b.exception_rules = mem_array(most, sizeof(*b.exception_rules));
	number_rules(&b);
	rows_each(source, put_row, &b);
	t = put_together(&b);
	free(b.upto);
	free(b.carries);
	free(b.rows);
	free(b.exceptions);
	free(b.exception_rules);
	free(b.numbers);
	free(b.rules);
	return t;
}

/* -- reading -- */

uint64_t table_rule(const void *store, uint32_t table, uint64_t address)
{
	return table_find(store, table, address);
}

static bool is_inside(const struct table_head *t, uint64_t offset, uint64_t n, uint64_t size)
{
	return offset >= sizeof(*t) && offset <= t->bytes && n <= (t->bytes - offset) / size;
}

/* A group leads to rows within the table only. */
static bool check_group(const char *blob, uint32_t at)
{
	const struct table_head *t = (const void *)blob;
	struct table_group group;
	uint32_t wide, before = 0;

	memcpy(&group, blob + at, sizeof(group));
	memcpy(&wide, group.upto, 4);
	if (group.first & TABLE_WIDE && !is_inside(t, wide, 16, 2))
		return false;
	for (int i = 0; i < 16; i++) {
		uint16_t n = group.upto[i];

		if (group.first & TABLE_WIDE)
			memcpy(&n, blob + wide + 2 * i, 2);
		if (n < before || n - before > 256)
			return false;
		before = n;
	}
	return (group.first & ~TABLE_WIDE) + before <= t->n_rows;
}

bool table_check(const void *blob, size_t bytes)
{
	const struct table_head *t = blob;
	const char *rows, *indices;
	uint64_t above;

	if (bytes < sizeof(*t) || t->magic != TABLE_MAGIC || t->bytes != bytes || bytes % 8)
		return false;
	if (t->n_rules > TABLE_MAX_RULES + 1 || t->n_dict > t->n_rules || !t->n_dict ||
	    t->n_dict > TABLE_MAX_DICT || t->n_rows > TABLE_MAX_ROWS * 2u ||
	    t->n_exceptions >= TABLE_MAX_EXCEPTIONS || t->n_chunks > MAX_CHUNKS ||
	    !is_inside(t, t->dict, t->n_rules, 8) || !is_inside(t, t->directory, t->n_chunks, 4) ||
	    !is_inside(t, t->rows, t->n_rows, 2) ||
	    !is_inside(t, t->exceptions, t->n_exceptions, 6) || t->dict % 8 || t->directory % 4 ||
	    t->rows % 2 || t->exceptions % 4)
		return false;
	for (uint32_t i = 0; i < t->n_chunks; i++) {
		uint32_t chunk;

		memcpy(&chunk, (const char *)blob + t->directory + 4 * i, 4);
		if (!chunk)
			continue;
		if (!is_inside(t, chunk, TABLE_GROUPS, sizeof(struct table_group)))
			return false;
		for (uint32_t g = 0; g < TABLE_GROUPS; g++)
			if (!check_group(blob, chunk + g * (uint32_t)sizeof(struct table_group)))
				return false;
	}
	rows = (const char *)blob + t->rows;
	for (uint32_t i = 0; i < t->n_rows; i++) {
		uint8_t number = (uint8_t)rows[2 * i + 1];

		if (number >= t->n_dict && (number != TABLE_EXCEPTION || !t->n_exceptions))
			return false;
	}
	indices = (const char *)blob + t->exceptions + 4ull * t->n_exceptions;
	above = t->n_rules > TABLE_MAX_DICT ? t->n_rules - TABLE_MAX_DICT : 0;
	for (uint32_t i = 0; i < t->n_exceptions; i++) {
		uint16_t index;

		memcpy(&index, indices + 2ull * i, 2);
		if (index >= above)
			return false;
	}
	return true;
}
