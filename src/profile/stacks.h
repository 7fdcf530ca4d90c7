/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stacks as a trie: a stack is a node, its parent is the caller's stack.
 *
 * Shape: most stacks are made right behind their parent, so an entry is an item (a frame_id here;
 *        trees of other things use the same type), and the parent is the entry before. Where that
 *        is not so, a turn stands before: an entry that names the parent. So ids ascend from
 *        parent to child, with a gap at each turn; one pass from the last to the first adds every
 *        subtree up. Arrays by stack id have room for `n`. NO_ID is the empty stack, parent of
 *        roots.
 * Limits: items and ids are below STACKS_TURN; beyond, memory is taken to be out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"

typedef uint32_t stack_id;

#define STACKS_TURN (1u << 31)

struct stacks {
	uint32_t *entries;
	size_t n;
	size_t cap;
	struct map map; /* stacks behind a turn */
};

void stacks_release(struct stacks *s);
/* The stack of `item` called from `parent`; made when it is new. */
stack_id stacks_push(struct stacks *s, stack_id parent, uint32_t item);
/* The same for all of `items`, the last of which stands nearest to the parent; `ret_ids` gets the
 * stacks, nearest first. */
void stacks_push_all(struct stacks *s, stack_id parent, const uint32_t *items, size_t n,
		     stack_id *ret_ids);
/* NO_ID when it does not exist. */
stack_id stacks_find(const struct stacks *s, stack_id parent, uint32_t item);
/* Adds what every stack weighs to its parent, from the leaves on; `weights` has room for `n`. */
void stacks_sum_up(const struct stacks *s, int64_t *weights);
/* The place of every stack (heap) when each comes right before those that go on from it: so
 * neighbours have most of their frames in common. */
uint32_t *stacks_order(const struct stacks *s);

/* Is it a stack, not a turn? */
static inline bool stacks_has(const struct stacks *s, size_t id)
{
	return !(s->entries[id] & STACKS_TURN);
}

static inline uint32_t stacks_item(const struct stacks *s, stack_id id)
{
	return s->entries[id];
}

static inline stack_id stacks_parent(const struct stacks *s, stack_id id)
{
	uint32_t before = s->entries[id - 1];

	if (!(before & STACKS_TURN))
		return id - 1;
	return before == NO_ID ? NO_ID : before & ~STACKS_TURN;
}

/* All stacks, parents first, or children first. */
#define stacks_each(s, id)                                                                         \
	for (stack_id id = 0; (id) < (s)->n; (id)++)                                               \
		if (stacks_has(s, id))
#define stacks_each_back(s, id)                                                                    \
	for (stack_id id = (stack_id)(s)->n; id-- > 0;)                                            \
		if (stacks_has(s, id))
