/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes in what is told of an image's names. */
#include "symbolize/names_builder.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/sort.h"

#include <string.h>

enum {
	MAX_NAME = 65536,
	MAX_ITEMS = 64 << 20,         /* nodes, segments, rows */
	MAX_STRING_BYTES = 512 << 20, /* a hostile file may have many names share long endings */
	MAX_DEPTH = 1024,             /* of inlined functions */
};

struct names_builder *names_builder_new(uint64_t base)
{
	struct names_builder *b = mem_alloc(sizeof(*b));

	b->base = base;
	str_putc(&b->strings, '\0'); /* 0: the empty string */
	return b;
}

void names_builder_free(struct names_builder *b)
{
	if (!b)
		return;
	str_release(&b->strings);
	map64_release(&b->by_pointer);
	map_release(&b->by_content);
	free(b->nodes);
	free(b->ranges);
	free(b->segments);
	free(b->functions);
	free(b->rows);
	free(b->runs);
	free(b->symbols);
	free(b->bounds);
	free(b->covers);
	free(b);
}

/* -- strings -- */

static uint32_t put_string(struct names_builder *b, const char *text, size_t len)
{
	uint32_t id = (uint32_t)b->strings.len;

	if (b->strings.len > MAX_STRING_BYTES)
		return 0;
	str_add(&b->strings, text, len);
	str_putc(&b->strings, '\0');
	return id;
}

uint32_t names_string(struct names_builder *b, const char *text, size_t len)
{
	uint64_t id;

	if (!text)
		return NO_ID;
	if (map64_find(&b->by_pointer, (uintptr_t)text, &id))
		return (uint32_t)id;
	id = put_string(b, text, MIN(len, (size_t)MAX_NAME));
	map64_set(&b->by_pointer, (uintptr_t)text, id);
	return (uint32_t)id;
}

static bool names_build_text_equal(const void *ctx, uint32_t id, const void *text)
{
	return str_equal(((const struct names_builder *)ctx)->strings.text + id, text);
}

uint32_t names_text(struct names_builder *b, const char *text)
{
	size_t len = strnlen(text, MAX_NAME);
	uint64_t hash = hash_bytes(text, len);
	uint32_t id = map_find(&b->by_content, hash, names_build_text_equal, b, text);

	if (id == NO_ID) {
		id = put_string(b, text, len);
		map_add(&b->by_content, hash, id);
	}
	return id;
}

/* -- functions -- */

uint32_t names_node(struct names_builder *b, const struct names_node *node)
{
	if (b->n_nodes == MAX_ITEMS)
		return NO_ID;
	array_reserve(b->nodes, b->cap_nodes, b->n_nodes + 1);
	b->nodes[b->n_nodes] = *node;
	return (uint32_t)b->n_nodes++;
}

/* Can the table express the range? */
static bool names_build_fits(const struct names_builder *b, uint64_t lo, uint64_t hi)
{
	return lo >= b->base && hi > lo && hi - b->base < UINT32_MAX;
}

void names_range(struct names_builder *b, uint64_t lo, uint64_t hi, uint32_t node)
{
	if (!names_build_fits(b, lo, hi) || node == NO_ID || b->n_ranges == MAX_ITEMS)
		return;
	array_reserve(b->ranges, b->cap_ranges, b->n_ranges + 1);
	b->ranges[b->n_ranges] = (struct raw_range){lo, hi, node, (uint32_t)b->n_ranges};
	b->n_ranges++;
}

static int outer_first(const void *x, const void *y)
{
	const struct raw_range *a = x, *b = y;

	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	if (a->hi != b->hi)
		return a->hi > b->hi ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static void add_segment(struct names_builder *b, uint64_t address, uint32_t node)
{
	struct segment *last = b->n_segments ? &b->segments[b->n_segments - 1] : NULL;
	const struct piece *piece = &b->functions[b->n_functions - 1];

	if (last && b->n_segments > piece->first && last->address == address) {
		last->node = node;
		return;
	}
	if (b->n_segments == MAX_ITEMS)
		return;
	array_reserve(b->segments, b->cap_segments, b->n_segments + 1);
	b->segments[b->n_segments++] = (struct segment){address, node};
}

static void end_piece(struct names_builder *b)
{
	struct piece *piece = &b->functions[b->n_functions - 1];

	piece->n = (uint32_t)b->n_segments - piece->first;
}

/* Sweeps over sorted ranges with a stack of those that are open. The function's own ranges are
 * pieces; what lies in none of them is dropped, what sticks out is cut. */
static void sweep(struct names_builder *b, uint32_t order)
{
	struct raw_range stack[MAX_DEPTH];
	size_t depth = 0;

	for (size_t i = 0; i < b->n_ranges; i++) {
		struct raw_range r = b->ranges[i];

		while (depth && stack[depth - 1].hi <= r.lo) {
			depth--;
			if (depth)
				add_segment(b, stack[depth].hi, stack[depth - 1].node);
		}
		if (!depth && r.node != b->first_node)
			continue;
		if (!depth) {
			if (b->n_functions)
				end_piece(b);
			array_reserve(b->functions, b->cap_functions, b->n_functions + 1);
			b->functions[b->n_functions++] =
				(struct piece){r.lo, r.hi, (uint32_t)b->n_segments, 0, order};
		} else if (r.hi > stack[depth - 1].hi) {
			r.hi = stack[depth - 1].hi;
		}
		if (depth == MAX_DEPTH)
			continue;
		stack[depth++] = r;
		add_segment(b, r.lo, r.node);
	}
	while (depth-- > 1)
		add_segment(b, stack[depth].hi, stack[depth - 1].node);
	if (b->n_functions)
		end_piece(b);
}

void names_function_end(struct names_builder *b, uint32_t order)
{
	if (b->n_ranges) {
		qsort(b->ranges, b->n_ranges, sizeof(*b->ranges), outer_first);
		sweep(b, order);
	}
	b->n_ranges = 0;
	b->first_node = (uint32_t)b->n_nodes;
}

/* -- lines -- */

void names_row(struct names_builder *b, uint64_t address, uint32_t file, uint32_t line)
{
	struct row *last = b->n_rows > b->first_row ? &b->rows[b->n_rows - 1] : NULL;

	if (last && last->address > address)
		return; /* never backwards within a run */
	if (last && last->address == address) {
		last->file = file;
		last->line = line;
		return;
	}
	if (last && last->file == file && last->line == line)
		return;
	if (b->n_rows == MAX_ITEMS)
		return;
	array_reserve(b->rows, b->cap_rows, b->n_rows + 1);
	b->rows[b->n_rows++] = (struct row){address, file, line};
}

void names_rows_end(struct names_builder *b, uint64_t end, uint32_t order)
{
	uint64_t start;

	while (b->n_rows > b->first_row && b->rows[b->n_rows - 1].address >= end)
		b->n_rows--;
	start = b->n_rows > b->first_row ? b->rows[b->first_row].address : 0;
	/* Code that the linker dropped lies at 0 (or at the end of the address space). */
	if (start && names_build_fits(b, start, end)) {
		array_reserve(b->runs, b->cap_runs, b->n_runs + 1);
		b->runs[b->n_runs++] = (struct piece){start, end, (uint32_t)b->first_row,
						      (uint32_t)(b->n_rows - b->first_row), order};
	} else {
		b->n_rows = b->first_row;
	}
	b->first_row = b->n_rows;
}

/* -- symbols -- */

void names_symbol(struct names_builder *b, const struct names_symbol *s)
{
	if (!names_build_fits(b, s->address, s->address + 1) || b->n_symbols == MAX_ITEMS)
		return;
	array_reserve(b->symbols, b->cap_symbols, b->n_symbols + 1);
	b->symbols[b->n_symbols] =
		(struct symbol){s->address,
				s->reach,
				put_string(b, s->name, MIN(s->len, (size_t)MAX_NAME)),
				s->merit,
				(uint32_t)b->n_symbols,
				s->is_sized};
	b->n_symbols++;
}

void names_symbol_bound(struct names_builder *b, uint64_t address)
{
	if (b->n_bounds == MAX_ITEMS)
		return;
	array_reserve(b->bounds, b->cap_bounds, b->n_bounds + 1);
	b->bounds[b->n_bounds++] = address;
}

static int best_first(const void *x, const void *y, void *strings)
{
	const struct symbol *a = x, *b = y;
	const char *one, *other;
	size_t la, lb;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	if (a->merit != b->merit)
		return a->merit > b->merit ? -1 : 1;
	one = (const char *)strings + a->name;
	other = (const char *)strings + b->name;
	la = strlen(one);
	lb = strlen(other);
	if (la != lb)
		return la < lb ? -1 : 1;
	return a->order > b->order ? -1 : 1;
}

static void clamp_to_bounds(struct names_builder *b)
{
	size_t bound = 0;

	if (b->n_bounds)
		qsort(b->bounds, b->n_bounds, sizeof(*b->bounds), compare_u64);
	for (size_t i = 0; i < b->n_symbols; i++) {
		struct symbol *s = &b->symbols[i];

		while (bound < b->n_bounds && b->bounds[bound] <= s->address)
			bound++;
		if (bound < b->n_bounds && !s->is_sized)
			s->reach = MIN(s->reach, b->bounds[bound] - s->address);
	}
}

void names_choose_symbols(struct names_builder *b)
{
	size_t kept = 0;

	if (!b->n_symbols)
		return;
	qsort_r(b->symbols, b->n_symbols, sizeof(*b->symbols), best_first, b->strings.text);
	for (size_t i = 0; i < b->n_symbols; i++) {
		struct symbol *last = kept ? &b->symbols[kept - 1] : NULL;

		if (last && last->address == b->symbols[i].address)
			continue;
		/* A label in a function is a part of it. */
		if (last && last->is_sized && !b->symbols[i].is_sized &&
		    b->symbols[i].address - last->address < last->reach)
			continue;
		if (last)
			last->reach = MIN(last->reach, b->symbols[i].address - last->address);
		b->symbols[kept++] = b->symbols[i];
	}
	b->n_symbols = kept;
	clamp_to_bounds(b);
}

/* -- what is covered -- */

void names_cover(struct names_builder *b, uint64_t lo, uint64_t hi)
{
	if (!names_build_fits(b, lo, hi))
		return;
	array_reserve(b->covers, b->cap_covers, b->n_covers + 1);
	b->covers[b->n_covers++] = (struct raw_range){.lo = lo, .hi = hi};
}

/* Merges ranges that touch. */
void names_covers_sort(struct names_builder *b)
{
	size_t kept = 0;

	if (b->n_covers)
		qsort(b->covers, b->n_covers, sizeof(*b->covers), outer_first);
	for (size_t i = 0; i < b->n_covers; i++) {
		if (kept && b->covers[i].lo <= b->covers[kept - 1].hi)
			b->covers[kept - 1].hi = MAX(b->covers[kept - 1].hi, b->covers[i].hi);
		else
			b->covers[kept++] = b->covers[i];
	}
	b->n_covers = kept;
}

bool names_wants(const struct names_builder *b, uint64_t lo, uint64_t hi, size_t *hint)
{
	const struct raw_range *c = b->covers;
	size_t from = *hint;

	if (!b->n_covers)
		return true;
	if (from < b->n_covers && c[from].hi > lo && (!from || c[from - 1].hi <= lo))
		return c[from].lo < hi;
	*hint = from = count_before(b->n_covers, i, c[i].hi <= lo);
	return from < b->n_covers && c[from].lo < hi;
}
