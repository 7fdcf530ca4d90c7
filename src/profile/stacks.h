/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stacks as a trie: a stack is a node, its parent is the caller's stack.
 *
 * Shape: ids are dense and a parent's id is smaller than its child's, so one pass from the last
 *        node to the first adds every subtree up. NO_ID is the empty stack, parent of roots.
 *        `item` is a frame_id here; trees of other things use the same type.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/map.h"

typedef uint32_t stack_id;

struct stack_node {
	stack_id parent;
	uint32_t item;
};

struct stacks {
	struct stack_node *nodes;
	size_t n;
	size_t cap;
	struct map map; /* children that did not come right behind their parent */
};

void stacks_release(struct stacks *s);
/* The stack of `item` called from `parent`; made when it is new. */
stack_id stacks_push(struct stacks *s, stack_id parent, uint32_t item);
/* NO_ID when it does not exist. */
stack_id stacks_find(const struct stacks *s, stack_id parent, uint32_t item);
/* The place of every stack (heap) when each comes right before those that go on from it: so
 * neighbours have most of their frames in common. */
uint32_t *stacks_order(const struct stacks *s);
