/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where in the source, and at which instructions, chosen functions spend their weight. */
#include "analysis/lines.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/sort.h"
#include "base/sum.h"

#include <stdlib.h>
#include <string.h>

struct build {
	const struct view *v;
	struct line_weights *to;
	struct map lines, code;
	uint32_t *counted_line, *counted_code; /* the last origin of each, + 1 */
	size_t cap_counted_line, cap_counted_code;
};

static bool same_line(const void *ctx, uint32_t id, const void *key)
{
	const struct line_weight *a = &((const struct line_weights *)ctx)->lines[id], *b = key;

	return a->function == b->function && a->file == b->file && a->line == b->line;
}

static bool same_code(const void *ctx, uint32_t id, const void *key)
{
	const struct code_weight *a = &((const struct line_weights *)ctx)->code[id], *b = key;

	return a->function == b->function && a->offset == b->offset;
}

/* Once for each origin, however often it is on its path. */
static void lines_count(int64_t *self, int64_t *total, uint32_t *counted, const struct build *b,
			uint32_t origin, bool is_leaf)
{
	int64_t weight = b->v->origins[origin].weight;

	if (is_leaf)
		sum_add(self, weight);
	if (*counted != origin + 1)
		sum_add(total, weight);
	*counted = origin + 1;
}

static void lines_add_line(struct build *b, uint32_t origin, uint32_t function,
			   const struct frame *f, bool is_leaf)
{
	struct line_weight key = {function, f->file, f->line, f->start_line, 0, 0};
	uint64_t hash = hash_u64((uint64_t)f->file << 32 | f->line) ^ hash_u64(function);
	uint32_t id = map_find(&b->lines, hash, same_line, b->to, &key);

	if (id == NO_ID) {
		array_reserve(b->to->lines, b->to->cap_lines, b->to->n_lines + 1);
		array_reserve(b->counted_line, b->cap_counted_line, b->to->n_lines + 1);
		id = (uint32_t)b->to->n_lines++;
		b->to->lines[id] = key;
		b->counted_line[id] = 0;
		map_add(&b->lines, hash, id);
	}
	lines_count(&b->to->lines[id].self, &b->to->lines[id].total, &b->counted_line[id], b,
		    origin, is_leaf);
}

static void lines_add_code(struct build *b, uint32_t origin, uint32_t function,
			   const struct frame *f, bool is_leaf)
{
	struct code_weight key = {function, f->mapping, frame_offset(b->v->p, f), 0, 0};
	uint64_t hash = hash_u64(key.offset) ^ hash_u64(function);
	uint32_t id = map_find(&b->code, hash, same_code, b->to, &key);

	if (id == NO_ID) {
		array_reserve(b->to->code, b->to->cap_code, b->to->n_code + 1);
		array_reserve(b->counted_code, b->cap_counted_code, b->to->n_code + 1);
		id = (uint32_t)b->to->n_code++;
		b->to->code[id] = key;
		b->counted_code[id] = 0;
		map_add(&b->code, hash, id);
	}
	lines_count(&b->to->code[id].self, &b->to->code[id].total, &b->counted_code[id], b, origin,
		    is_leaf);
}

static void lines_add_origin(struct build *b, uint32_t origin, const uint8_t *chosen)
{
	const struct profile *p = b->v->p;
	stack_id leaf = b->v->origins[origin].stack;

	for (stack_id s = leaf; s != NO_ID; s = stacks_parent(&p->stacks, s)) {
		frame_id f = stacks_item(&p->stacks, s);

		for (uint32_t k = b->v->chain_at[f]; f != NO_ID; f = p->frames[f].inner, k++) {
			uint32_t function = b->v->chain[k];
			bool is_leaf = s == leaf && p->frames[f].inner == NO_ID;

			if (!chosen[function])
				continue;
			lines_add_line(b, origin, function, &p->frames[f], is_leaf);
			lines_add_code(b, origin, function, &p->frames[f], is_leaf);
		}
	}
}

static int by_place(const void *x, const void *y)
{
	const struct line_weight *a = x, *b = y;

	if (a->function != b->function)
		return a->function < b->function ? -1 : 1;
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

static int by_offset(const void *x, const void *y)
{
	const struct code_weight *a = x, *b = y;

	if (a->function != b->function)
		return a->function < b->function ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

void line_weights_find(struct line_weights *l, const struct view *v, const uint8_t *chosen)
{
	struct build b = {.v = v, .to = l};

	*l = (struct line_weights){0};
	for (uint32_t i = 0; i < v->n_origins; i++)
		lines_add_origin(&b, i, chosen);
	if (l->n_lines)
		qsort(l->lines, l->n_lines, sizeof(*l->lines), by_place);
	if (l->n_code)
		qsort(l->code, l->n_code, sizeof(*l->code), by_offset);
	map_release(&b.lines);
	map_release(&b.code);
	free(b.counted_line);
	free(b.counted_code);
}

void code_weights_between(const struct code_weight *c, size_t n, uint64_t from, uint64_t to,
			  int64_t *ret_self, int64_t *ret_total)
{
	*ret_self = *ret_total = 0;
	for (size_t i = count_before(n, k, c[k].offset < from); i < n && c[i].offset < to; i++) {
		sum_add(ret_self, c[i].self);
		sum_add(ret_total, c[i].total);
	}
}

void line_weights_release(struct line_weights *l)
{
	free(l->lines);
	free(l->code);
	*l = (struct line_weights){0};
}
