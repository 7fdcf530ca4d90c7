/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lays out the table of an image's names. */
#include "symbolize/names_builder.h"

#include "base/mem.h"
#include "base/sort.h"

#include <string.h>

static int first_wins(const void *x, const void *y)
{
	const struct piece *a = x, *b = y;

	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* Sorts; of pieces that overlap the first one stays. Returns how many do. */
static size_t choose_pieces(struct piece *pieces, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(pieces, n, sizeof(*pieces), first_wins);
	for (size_t i = 0; i < n; i++)
		if (!kept || pieces[i].lo >= pieces[kept - 1].hi)
			pieces[kept++] = pieces[i];
	return kept;
}

static void *part(uint8_t *out, const struct names_head *h, enum names_part which)
{
	return out + h->parts[which].offset;
}

static void put_covers(const struct names_builder *b, const struct names_head *h, uint8_t *out)
{
	uint32_t *to = part(out, h, PART_COVER);

	for (size_t i = 0; i < b->n_covers; i++) {
		*to++ = (uint32_t)(b->covers[i].lo - b->base);
		*to++ = (uint32_t)(b->covers[i].hi - b->base);
	}
}

static uint32_t put_segments(const struct names_builder *b, const struct names_head *h,
			     uint8_t *out)
{
	uint32_t *address = part(out, h, PART_SEGMENT_ADDRESS);
	uint32_t *node = part(out, h, PART_SEGMENT_NODE), n = 0;

	for (size_t i = 0; i < b->n_functions; i++) {
		const struct piece *p = &b->functions[i];
		uint32_t lo = (uint32_t)(p->lo - b->base);

		for (uint32_t s = p->first; s < p->first + p->n; s++) {
			/* Where a function ends and the next begins is one address. */
			if (s == p->first && n && address[n - 1] == lo)
				n--;
			address[n] = (uint32_t)(b->segments[s].address - b->base);
			node[n++] = b->segments[s].node;
		}
		address[n] = (uint32_t)(p->hi - b->base);
		node[n++] = NO_ID;
	}
	return n;
}

/* The rows of one run within [lo, hi). */
static uint32_t put_run(const struct names_builder *b, const struct piece *p, uint64_t lo,
			uint64_t hi, uint32_t *address, struct names_row *row, uint32_t n)
{
	uint32_t end = p->first + p->n;
	/* The last row that does not begin above `lo`; the first one does not. */
	uint32_t r = p->first +
		     (uint32_t)count_before(p->n - 1, i, b->rows[p->first + 1 + i].address <= lo);

	if (n && address[n - 1] == lo - b->base)
		n--; /* where a run ends and the next begins is one address */
	for (; r < end && b->rows[r].address < hi; r++) {
		address[n] = (uint32_t)(MAX(b->rows[r].address, lo) - b->base);
		row[n++] = (struct names_row){b->rows[r].file, b->rows[r].line};
	}
	address[n] = (uint32_t)(hi - b->base);
	row[n++] = (struct names_row){NO_ID, 0};
	return n;
}

static uint32_t put_rows(const struct names_builder *b, const struct names_head *h, uint8_t *out)
{
	uint32_t *address = part(out, h, PART_ROW_ADDRESS), n = 0;
	struct names_row *row = part(out, h, PART_ROW);
	size_t cover = 0;

	for (size_t i = 0; i < b->n_runs; i++) {
		const struct piece *p = &b->runs[i];

		if (!b->n_covers) {
			n = put_run(b, p, p->lo, p->hi, address, row, n);
			continue;
		}
		while (cover < b->n_covers && b->covers[cover].hi <= p->lo)
			cover++;
		for (size_t c = cover; c < b->n_covers && b->covers[c].lo < p->hi; c++)
			n = put_run(b, p, MAX(b->covers[c].lo, p->lo), MIN(b->covers[c].hi, p->hi),
				    address, row, n);
	}
	return n;
}

static void put_symbols(const struct names_builder *b, const struct names_head *h, uint8_t *out)
{
	uint32_t *address = part(out, h, PART_SYMBOL_ADDRESS);
	struct names_symbol_row *row = part(out, h, PART_SYMBOL);

	for (size_t i = 0; i < b->n_symbols; i++) {
		address[i] = (uint32_t)(b->symbols[i].address - b->base);
		row[i] = (struct names_symbol_row){
			(uint32_t)MIN(b->symbols[i].reach, (uint64_t)SYMBOL_SIZED - 1) |
				(b->symbols[i].is_sized ? SYMBOL_SIZED : 0),
			b->symbols[i].name};
	}
}

static uint64_t sum_of(const struct piece *pieces, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += pieces[i].n + 1u;
	return sum;
}

/* Where everything lies; the counts are upper bounds. Returns the size, 0 when it is too large. */
static uint64_t lay_out_parts(const struct names_builder *b, struct names_head *h)
{
	uint64_t n_segments = sum_of(b->functions, b->n_functions);
	uint64_t n_rows = sum_of(b->runs, b->n_runs) + b->n_runs + 2 * (uint64_t)b->n_covers;
	uint64_t at = sizeof(*h);
	const uint64_t n[N_PARTS] = {
		[PART_COVER] = b->n_covers,           [PART_SEGMENT_ADDRESS] = n_segments,
		[PART_SEGMENT_NODE] = n_segments,     [PART_NODE] = b->n_nodes,
		[PART_ROW_ADDRESS] = n_rows,          [PART_ROW] = n_rows,
		[PART_SYMBOL_ADDRESS] = b->n_symbols, [PART_SYMBOL] = b->n_symbols,
		[PART_STRINGS] = b->strings.len,
	};

	for (int i = 0; i < N_PARTS; i++) {
		h->parts[i].offset = (uint32_t)at;
		h->parts[i].n = (uint32_t)n[i];
		at += (n[i] * names_part_bytes[i] + 7) & ~7ull;
		if (at > UINT32_MAX)
			return 0;
	}
	return at;
}

void *names_finish(struct names_builder *b, unsigned flags, size_t *ret_bytes)
{
	struct names_head head = {.magic = NAMES_MAGIC, .version = NAMES_VERSION, .flags = flags};
	struct names_head *h;
	uint64_t bytes;
	uint8_t *out;

	names_choose_symbols(b);
	b->n_functions = choose_pieces(b->functions, b->n_functions);
	b->n_runs = choose_pieces(b->runs, b->n_runs);
	names_covers_sort(b);
	bytes = lay_out_parts(b, &head);
	if (!bytes)
		return NULL;
	head.base = b->base;
	head.bytes = bytes;
	out = mem_alloc(bytes);
	put_covers(b, &head, out);
	head.parts[PART_SEGMENT_ADDRESS].n = head.parts[PART_SEGMENT_NODE].n =
		put_segments(b, &head, out);
	head.parts[PART_ROW_ADDRESS].n = head.parts[PART_ROW].n = put_rows(b, &head, out);
	put_symbols(b, &head, out);
	if (b->n_nodes)
		memcpy(part(out, &head, PART_NODE), b->nodes, b->n_nodes * sizeof(*b->nodes));
	memcpy(part(out, &head, PART_STRINGS), b->strings.text, b->strings.len);
	h = (void *)out;
	*h = head;
	*ret_bytes = bytes;
	return out;
}
