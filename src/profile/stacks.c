/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks as a trie. */
#include "profile/stacks.h"

#include "base/hash.h"
#include "base/mem.h"

static bool node_equal(const void *ctx, uint32_t id, const void *key)
{
	const struct stack_node *a = &((const struct stacks *)ctx)->nodes[id];
	const struct stack_node *b = key;

	return a->parent == b->parent && a->item == b->item;
}

static uint64_t node_hash(const struct stack_node *node)
{
	return hash_u64((uint64_t)node->parent << 32 | node->item);
}

void stacks_release(struct stacks *s)
{
	free(s->nodes);
	map_release(&s->map);
	*s = (struct stacks){0};
}

/* Is the node right behind the parent its child? Then it is in no map: most nodes have one child,
 * made at once. */
static bool child_is_next(const struct stacks *s, stack_id parent, size_t next)
{
	return next < s->n && s->nodes[next].parent == parent;
}

stack_id stacks_find(const struct stacks *s, stack_id parent, uint32_t item)
{
	struct stack_node node = {parent, item};
	size_t next = parent == NO_ID ? 0 : (size_t)parent + 1;

	if (next >= s->n)
		return NO_ID; /* the last node has no children yet */
	if (child_is_next(s, parent, next) && s->nodes[next].item == item)
		return (stack_id)next;
	return map_find(&s->map, node_hash(&node), node_equal, s, &node);
}

stack_id stacks_push(struct stacks *s, stack_id parent, uint32_t item)
{
	struct stack_node node = {parent, item};
	stack_id id = stacks_find(s, parent, item);

	if (id != NO_ID)
		return id;
	array_reserve(s->nodes, s->cap, s->n + 1);
	id = (stack_id)s->n++;
	s->nodes[id] = node;
	if (id != (parent == NO_ID ? 0 : parent + 1))
		map_add(&s->map, node_hash(&node), id);
	return id;
}

uint32_t *stacks_order(const struct stacks *s)
{
	uint32_t *place = mem_array(s->n, sizeof(*place)); /* at first: the next child's */
	auto_free uint32_t *size = mem_array(s->n, sizeof(*size));
	uint32_t roots = 0;

	for (size_t i = s->n; i-- > 0;) {
		size[i]++;
		if (s->nodes[i].parent != NO_ID)
			size[s->nodes[i].parent] += size[i];
	}
	for (size_t i = 0; i < s->n; i++) {
		stack_id parent = s->nodes[i].parent;
		uint32_t *next = parent == NO_ID ? &roots : &place[parent];

		place[i] = *next + 1;
		*next += size[i];
	}
	/* Every child has moved its parent's on by its own size. */
	for (size_t i = 0; i < s->n; i++)
		place[i] -= size[i];
	return place;
}
