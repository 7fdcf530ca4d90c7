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
	const uint8_t *chosen;
	struct line_weights *to;
	struct map lines;
	struct map64 code;      /* function -> its place */
	uint32_t *counted_line; /* the last origin of each, + 1 */
	size_t cap_counted_line;
};

static bool same_line(const void *ctx, uint32_t id, const void *key)
{
	const struct line_weight *a = &((const struct line_weights *)ctx)->lines[id], *b = key;

	return a->function == b->function && a->file == b->file && a->line == b->line;
}

/* Once for each origin, however often it is on its path. */
static void lines_count(int64_t *self, int64_t *total, uint32_t *counted, const struct view *v,
			uint32_t origin, bool is_leaf)
{
	int64_t weight = v->origins[origin].weight;

	if (is_leaf)
		sum_add(self, weight);
	if (*counted != origin + 1)
		sum_add(total, weight);
	*counted = origin + 1;
}

static void lines_add_line(struct build *b, uint32_t origin, uint32_t function,
			   const struct frame *f, bool is_leaf)
{
	struct line_weight key = {function, f->file, f->line, f->start_line, 0, 0, f->mapping};
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
	lines_count(&b->to->lines[id].self, &b->to->lines[id].total, &b->counted_line[id], b->v,
		    origin, is_leaf);
}

static void lines_add_code(struct build *b, uint32_t function, const struct frame *f)
{
	struct function_code place = {function, f->mapping, frame_offset(b->v->p, f)};
	uint64_t id;

	if (!map64_find(&b->code, function, &id)) {
		array_reserve(b->to->code, b->to->cap_code, b->to->n_code + 1);
		id = b->to->n_code++;
		b->to->code[id] = place;
		map64_set(&b->code, function, id);
	} else if (place.offset < b->to->code[id].offset) {
		b->to->code[id] = place;
	}
}

/* Visits the functions of an origin's frames, from its leaf on. */
typedef void visit_function(void *ctx, uint32_t origin, uint32_t function, const struct frame *f,
			    bool is_leaf);

static void each_function(const struct view *v, visit_function *visit, void *ctx)
{
	const struct profile *p = v->p;

	for (uint32_t i = 0; i < v->n_origins; i++) {
		stack_id leaf = v->origins[i].stack;

		for (stack_id s = leaf; s != NO_ID; s = stacks_parent(&p->stacks, s)) {
			frame_id f = stacks_item(&p->stacks, s);

			for (uint32_t k = v->chain_at[f]; f != NO_ID; f = p->frames[f].inner, k++)
				visit(ctx, i, v->chain[k], &p->frames[f],
				      s == leaf && p->frames[f].inner == NO_ID);
		}
	}
}

static void add_chosen(void *build, uint32_t origin, uint32_t function, const struct frame *f,
		       bool is_leaf)
{
	struct build *b = build;

	if (!b->chosen[function])
		return;
	lines_add_line(b, origin, function, f, is_leaf);
	lines_add_code(b, function, f);
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

void line_weights_find(struct line_weights *l, const struct view *v, const uint8_t *chosen)
{
	struct build b = {.v = v, .chosen = chosen, .to = l};

	*l = (struct line_weights){0};
	each_function(v, add_chosen, &b);
	if (l->n_lines)
		qsort(l->lines, l->n_lines, sizeof(*l->lines), by_place);
	map_release(&b.lines);
	map64_release(&b.code);
	free(b.counted_line);
}

const struct function_code *line_weights_code(const struct line_weights *l, uint32_t function)
{
	for (size_t i = 0; i < l->n_code; i++)
		if (l->code[i].function == function)
			return &l->code[i];
	return NULL;
}

/* -- instructions -- */

struct code_build {
	const struct view *v;
	const struct code *code;
	uint32_t function;
	struct code_weight *to;
	uint32_t *counted; /* the last origin of each, + 1 */
};

/* An address of a caller lies within its call, one of a leaf at its beginning: they are one
 * instruction. */
static void add_instruction(void *build, uint32_t origin, uint32_t function, const struct frame *f,
			    bool is_leaf)
{
	struct code_build *b = build;
	uint64_t offset;
	size_t n;

	if (function != b->function)
		return;
	offset = frame_offset(b->v->p, f);
	n = count_before(b->code->n, i, b->code->rows[i].offset <= offset);
	if (n && offset < instruction_end(b->code, n - 1))
		lines_count(&b->to[n - 1].self, &b->to[n - 1].total, &b->counted[n - 1], b->v,
			    origin, is_leaf);
}

struct code_weight *code_weights(const struct view *v, uint32_t function, const struct code *code)
{
	struct code_weight *ret = mem_array(code->n + 1, sizeof(*ret));
	auto_free uint32_t *counted = mem_array(code->n + 1, sizeof(*counted));
	struct code_build b = {v, code, function, ret, counted};

	each_function(v, add_instruction, &b);
	return ret;
}

void line_weights_release(struct line_weights *l)
{
	free(l->lines);
	free(l->code);
	*l = (struct line_weights){0};
}
