/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Joins captured samples. */
#include "collect/captures.h"

#include "abi/unwind_rule.h"
#include "base/mem.h"

#include <string.h>

struct piece {
	uint64_t address;
	uint32_t at, bytes;
};

/* What has come of the capture that a level of a CPU is making. */
struct partial {
	uint64_t capture;
	struct piece pieces[MAX_CAPTURE_PAGES];
	uint32_t n_pieces;
	char *bytes;
	size_t n, cap;
};

struct captures {
	struct partial *makers[1 << CAPTURE_MAKER_BITS];
};

struct captures *captures_new(void)
{
	return mem_alloc(sizeof(struct captures));
}

void captures_free(struct captures *c)
{
	for (size_t i = 0; c && i < ARRAY_SIZE(c->makers); i++) {
		if (c->makers[i])
			free(c->makers[i]->bytes);
		free(c->makers[i]);
	}
	free(c);
}

uint64_t capture_start(const struct capture_record *record)
{
	return (record->registers[REG_SP] & ~7ull) - RED_ZONE;
}

static struct partial *partial_of(struct captures *c, uint64_t capture)
{
	struct partial **p = &c->makers[capture & (ARRAY_SIZE(c->makers) - 1)];

	if (!*p)
		*p = mem_alloc(sizeof(**p));
	if ((*p)->capture != capture) {
		(*p)->capture = capture;
		(*p)->n_pieces = 0;
		(*p)->n = 0;
	}
	return *p;
}

void captures_piece(struct captures *c, const struct piece_record *piece)
{
	struct partial *p = partial_of(c, piece->capture);

	if (piece->bytes > CAPTURE_PAGE || p->n_pieces == MAX_CAPTURE_PAGES)
		return;
	array_reserve(p->bytes, p->cap, p->n + piece->bytes);
	memcpy(p->bytes + p->n, piece->data, piece->bytes);
	p->pieces[p->n_pieces++] = (struct piece){piece->address, (uint32_t)p->n, piece->bytes};
	p->n += piece->bytes;
}

struct capture_record *captures_join(struct captures *c, const struct capture_record *record,
				     size_t *ret_bytes)
{
	struct partial *p = partial_of(c, record->head.id);
	uint64_t start = capture_start(record), end = start;
	struct capture_record *joined;

	if ((uint32_t)__builtin_popcountll(record->present) != p->n_pieces)
		return NULL;
	for (uint32_t i = 0; i < p->n_pieces; i++) {
		const struct piece *piece = &p->pieces[i];

		/* In order, and no further away than there are bits in `present`. */
		if (piece->address < end ||
		    piece->address - start > MAX_CAPTURE_PAGES * CAPTURE_PAGE)
			return NULL;
		end = piece->address + piece->bytes;
	}
	*ret_bytes = sizeof(*joined) + (end - start);
	joined = mem_alloc(*ret_bytes);
	*joined = *record;
	joined->stack_bytes = end - start;
	for (uint32_t i = 0; i < p->n_pieces; i++)
		memcpy((char *)(joined + 1) + (p->pieces[i].address - start),
		       p->bytes + p->pieces[i].at, p->pieces[i].bytes);
	return joined;
}
