/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks addresses up in a table of names. */
#include "symbolize/names.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "base/sort.h"
#include "symbolize/names_format.h"

#include <string.h>

struct names {
	const uint8_t *data;
	struct names_head head; /* a copy: the bytes behind `data` may change */
	names_need *need;
	void *ctx;
};

static bool is_sound(const struct names_head *h, size_t bytes)
{
	if (h->magic != NAMES_MAGIC || h->version != NAMES_VERSION || h->bytes > bytes)
		return false;
	for (int i = 0; i < N_PARTS; i++)
		if (h->parts[i].offset % 8 || h->parts[i].offset > h->bytes ||
		    h->parts[i].n > (h->bytes - h->parts[i].offset) / names_part_bytes[i])
			return false;
	return h->parts[PART_SEGMENT_ADDRESS].n == h->parts[PART_SEGMENT_NODE].n &&
	       h->parts[PART_ROW_ADDRESS].n == h->parts[PART_ROW].n &&
	       h->parts[PART_SYMBOL_ADDRESS].n == h->parts[PART_SYMBOL].n;
}

struct names *names_open(const void *data, size_t bytes, names_need *need, void *ctx)
{
	struct names n = {.data = data, .need = need, .ctx = ctx};

	if (bytes < sizeof(n.head) || (need && !need(ctx, data, sizeof(n.head))))
		return NULL;
	memcpy(&n.head, data, sizeof(n.head));
	return is_sound(&n.head, bytes) ? mem_dup(&n, sizeof(n)) : NULL;
}

void names_free(struct names *n)
{
	free(n);
}

unsigned names_flags(const struct names *n)
{
	return n->head.flags;
}

size_t names_bytes(const struct names *n)
{
	return n->head.bytes;
}

const void *names_data(const struct names *n)
{
	return n->data;
}

/* Element `i` of a part, copied to `to`; false beyond its end and where the cache is damaged. */
static bool get(const struct names *n, enum names_part part, uint32_t i, void *to)
{
	size_t size = names_part_bytes[part], offset = n->head.parts[part].offset + size * i;

	if (i >= n->head.parts[part].n || (n->need && !n->need(n->ctx, n->data + offset, size)))
		return false;
	memcpy(to, n->data + offset, size);
	return true;
}

static const char *string(const struct names *n, uint32_t id)
{
	uint32_t all = n->head.parts[PART_STRINGS].n, at = n->head.parts[PART_STRINGS].offset;
	size_t step = 256;

	if (id >= all)
		return NULL;
	/* To the end of the text, asking for a little at a time. */
	for (uint32_t from = id; from < all; from += (uint32_t)step) {
		step = MIN(step, (size_t)(all - from));
		if (n->need && !n->need(n->ctx, n->data + at + from, step))
			return NULL;
		if (memchr(n->data + at + from, '\0', step))
			return (const char *)n->data + at + id;
	}
	return NULL;
}

/* One of the sorted numbers of a part; `ok` is cleared where the cache is damaged. */
static uint32_t number_at(const struct names *n, enum names_part part, uint32_t i, bool *ok)
{
	uint32_t value = 0;

	*ok &= get(n, part, i, &value);
	return value;
}

/* Index of the last element that is not above `key`, NO_ID when there is none. */
static uint32_t last_at(const struct names *n, enum names_part part, uint32_t key)
{
	const uint8_t *numbers = n->data + n->head.parts[part].offset;
	uint32_t all = n->head.parts[part].n;
	size_t before;
	bool ok = true;

	/* Nothing need be checked: then nothing is called, either. */
	if (!n->need)
		before = count_before(all, i, u32_at(numbers, i) <= key);
	else
		before = count_before(all, i, number_at(n, part, (uint32_t)i, &ok) <= key);
	return ok && before ? (uint32_t)before - 1 : NO_ID;
}

static bool to_key(const struct names *n, uint64_t address, uint32_t *ret)
{
	*ret = (uint32_t)(address - n->head.base);
	return address >= n->head.base && address - n->head.base < UINT32_MAX;
}

bool names_is_whole(const struct names *n)
{
	return !n->head.parts[PART_COVER].n;
}

bool names_covers(const struct names *n, uint64_t address)
{
	uint32_t key, lo = 0, hi = n->head.parts[PART_COVER].n, range[2];

	if (!hi)
		return true;
	if (!to_key(n, address, &key))
		return false;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (!get(n, PART_COVER, mid, range))
			return false;
		if (key < range[0])
			hi = mid;
		else if (key >= range[1])
			lo = mid + 1;
		else
			return true;
	}
	return false;
}

static void names_read_find_line(const struct names *n, uint32_t key, struct place *ret)
{
	uint32_t i = last_at(n, PART_ROW_ADDRESS, key);
	struct names_row row;

	if (i == NO_ID || !get(n, PART_ROW, i, &row) || row.file == NO_ID)
		return;
	ret->file = string(n, row.file);
	ret->line = ret->file ? row.line : 0;
}

size_t names_find(const struct names *n, uint64_t address, struct place *ret)
{
	uint32_t key, i, node;
	size_t n_places = 0;
	struct names_node is;

	if (!to_key(n, address, &key))
		return 0;
	i = last_at(n, PART_SEGMENT_ADDRESS, key);
	if (i == NO_ID || !get(n, PART_SEGMENT_NODE, i, &node))
		node = NO_ID;
	ret[0] = (struct place){0};
	names_read_find_line(n, key, &ret[0]);
	/* A parent's number is smaller than its child's, so this ends. */
	while (node != NO_ID && n_places < MAX_PLACES && get(n, PART_NODE, node, &is)) {
		struct place *p = &ret[n_places++];

		p->function = is.name == NO_ID ? NULL : string(n, is.name);
		p->start_line = is.start_line;
		if (is.parent == NO_ID || is.parent >= node || n_places == MAX_PLACES)
			break;
		p[1] = (struct place){0};
		p[1].file = is.call_file == NO_ID ? NULL : string(n, is.call_file);
		p[1].line = p[1].file ? is.call_line : 0;
		node = is.parent;
	}
	return n_places;
}

const char *names_find_symbol(const struct names *n, uint64_t address, uint64_t *ret_start,
			      bool *ret_sized)
{
	struct names_symbol_row row;
	uint32_t key, start, i;

	if (!to_key(n, address, &key))
		return NULL;
	i = last_at(n, PART_SYMBOL_ADDRESS, key);
	if (i == NO_ID || !get(n, PART_SYMBOL_ADDRESS, i, &start) ||
	    !get(n, PART_SYMBOL, i, &row) || key - start >= (row.reach & ~SYMBOL_SIZED))
		return NULL;
	*ret_start = n->head.base + start;
	*ret_sized = row.reach & SYMBOL_SIZED;
	return string(n, row.name);
}
