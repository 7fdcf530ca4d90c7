/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Joins captured samples. */
#include "collect/captures.h"

#include "base/mem.h"

#include <stdbool.h>
#include <string.h>

enum { CPU_BITS = 16 };

/* What has come of the capture that a CPU is making. */
struct partial {
	uint64_t capture;
	uint64_t pieces;
	uint64_t next; /* address */
	char *bytes;
	size_t n, cap;
};

struct captures {
	struct partial *cpus;
	size_t cap;
};

struct captures *captures_new(void)
{
	return mem_alloc(sizeof(struct captures));
}

void captures_free(struct captures *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->cap; i++)
		free(c->cpus[i].bytes);
	free(c->cpus);
	free(c);
}

static struct partial *partial_of(struct captures *c, uint64_t capture)
{
	size_t cpu = capture & ((1u << CPU_BITS) - 1), had = c->cap;

	if (cpu >= c->cap) {
		array_reserve(c->cpus, c->cap, cpu + 1);
		memset(c->cpus + had, 0, (c->cap - had) * sizeof(*c->cpus));
	}
	return &c->cpus[cpu];
}

void captures_piece(struct captures *c, const struct piece_record *piece)
{
	struct partial *p = partial_of(c, piece->capture);

	if (piece->bytes > CAPTURE_PAGE)
		return;
	if (p->capture != piece->capture) {
		p->capture = piece->capture;
		p->pieces = p->n = 0;
		p->next = piece->address;
	}
	if (piece->address != p->next)
		return; /* then the count of pieces will tell */
	array_reserve(p->bytes, p->cap, p->n + piece->bytes);
	memcpy(p->bytes + p->n, piece->data, piece->bytes);
	p->n += piece->bytes;
	p->next += piece->bytes;
	p->pieces++;
}

struct capture_record *captures_join(struct captures *c, const struct capture_record *record,
				     size_t *ret_bytes)
{
	struct partial *p = partial_of(c, record->head.id);
	bool has_pieces = p->capture == record->head.id;
	struct capture_record *joined;
	size_t n = has_pieces ? p->n : 0;

	if ((has_pieces ? p->pieces : 0) != record->pieces)
		return NULL;
	*ret_bytes = sizeof(*joined) + n;
	joined = mem_alloc(*ret_bytes);
	*joined = *record;
	joined->pieces = n;
	if (n)
		memcpy(joined + 1, p->bytes, n);
	p->n = 0;
	p->capture = 0;
	return joined;
}
