/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions of generated code, by the code. */
#include "collect/generated.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "elf/boundaries.h"
#include "proc/procfs.h"

enum {
	BLOCK_BYTES = 1 << 14,
	/* Read before a block, so that functions that reach into it are found. */
	BEFORE_BYTES = 1 << 13,
	PAGE_BYTES = 1 << 12,
	MAX_BLOCKS = 1 << 10,
	MAX_A_SECOND = 32,
};

static const uint64_t second_ns = 1000000000, old_ns = 10 * second_ns;

struct block {
	pid_t pid;
	uint64_t address;
	uint64_t read_ns;
	struct boundaries boundaries; /* none: it could not be read */
};

struct generated {
	struct insn_reader *reader;
	struct map64 known; /* hash of process and address -> block */
	struct block *blocks;
	size_t n, cap;
	uint64_t second;
	unsigned n_in_second;
};

struct generated *generated_new(void)
{
	return mem_alloc(sizeof(struct generated));
}

static void forget_blocks(struct generated *g)
{
	for (size_t i = 0; i < g->n; i++)
		boundaries_release(&g->blocks[i].boundaries);
	map64_release(&g->known);
	g->n = 0;
}

void generated_free(struct generated *g)
{
	if (!g)
		return;
	forget_blocks(g);
	free(g->blocks);
	insn_reader_free(g->reader);
	free(g);
}

static void read_block(struct generated *g, struct block *b, const struct space_map *map)
{
	uint64_t from = MAX(map->start, b->address - MIN(b->address, (uint64_t)BEFORE_BYTES));
	uint64_t to = MIN(map->end, b->address + BLOCK_BYTES);
	uint8_t code[BEFORE_BYTES + BLOCK_BYTES];
	size_t n = to > from ? process_read(b->pid, from, code, to - from) : 0;

	if (!g->reader)
		g->reader = insn_reader_new();
	/* Of a process that is gone, what was known stays. */
	if (!n)
		return;
	boundaries_release(&b->boundaries);
	boundaries_find(&b->boundaries, g->reader, code, n, from);
}

/* Has so much been read in this second that it is enough? */
static bool is_enough(struct generated *g, uint64_t now)
{
	if (now / second_ns != g->second)
		g->n_in_second = 0;
	g->second = now / second_ns;
	return g->n_in_second++ >= MAX_A_SECOND;
}

/* NULL: it is not known, and is not to be read now. */
static struct block *get_block(struct generated *g, pid_t pid, const struct space_map *map,
			       uint64_t address)
{
	uint64_t key = hash_u64(hash_u64((uint64_t)pid) ^ address) >> 1, i = 0;
	uint64_t now = monotonic_ns();
	bool known = map64_find(&g->known, key, &i) && g->blocks[i].pid == pid &&
		     g->blocks[i].address == address;

	if (known && now - g->blocks[i].read_ns < old_ns)
		return &g->blocks[i];
	if (is_enough(g, now))
		return known ? &g->blocks[i] : NULL;
	if (!known) {
		if (g->n == MAX_BLOCKS)
			forget_blocks(g);
		array_reserve(g->blocks, g->cap, g->n + 1);
		i = g->n++;
		g->blocks[i] = (struct block){.pid = pid, .address = address};
		map64_set(&g->known, key, i);
	}
	g->blocks[i].read_ns = now;
	read_block(g, &g->blocks[i], map);
	return &g->blocks[i];
}

uint64_t generated_start(struct generated *g, const struct space *space,
			 const struct space_map *map, uint64_t address)
{
	const struct block *b = get_block(g, space->pid, map, address - address % BLOCK_BYTES);
	uint64_t start = b ? boundaries_before(&b->boundaries, address) : 0;

	return start ? start : address - address % PAGE_BYTES;
}
