/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks as a trie. */
#include "profile/stacks.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/sum.h"

static uint32_t turn_to(stack_id parent)
{
	return parent | STACKS_TURN;
}

struct node {
	stack_id parent;
	uint32_t item;
};

static bool node_equal(const void *ctx, uint32_t id, const void *key)
{
	const uint32_t *entries = ((const struct stacks *)ctx)->entries;
	const struct node *node = key;

	return entries[id] == node->item && entries[id - 1] == turn_to(node->parent);
}

static uint64_t node_hash(const struct node *node)
{
	return hash_u64((uint64_t)node->parent << 32 | node->item);
}

void stacks_release(struct stacks *s)
{
	free(s->entries);
	map_release(&s->map);
	*s = (struct stacks){0};
}

stack_id stacks_find(const struct stacks *s, stack_id parent, uint32_t item)
{
	struct node node = {parent, item};

	if (parent != NO_ID && parent + 1 == s->n)
		return NO_ID; /* the last one has no children yet */
	if (parent != NO_ID && s->entries[parent + 1] == item)
		return parent + 1;
	return map_find(&s->map, node_hash(&node), node_equal, s, &node);
}

static void reserve(struct stacks *s, size_t n)
{
	if (s->n + n > STACKS_TURN)
		mem_exhausted();
	array_reserve(s->entries, s->cap, s->n + n);
}

stack_id stacks_push(struct stacks *s, stack_id parent, uint32_t item)
{
	struct node node = {parent, item};
	stack_id id = stacks_find(s, parent, item);

	if (id != NO_ID)
		return id;
	reserve(s, 2);
	if (parent == NO_ID || parent + 1 != s->n) {
		s->entries[s->n++] = turn_to(parent);
		map_add(&s->map, node_hash(&node), (stack_id)s->n);
	}
	s->entries[s->n] = item;
	return (stack_id)s->n++;
}

void stacks_push_all(struct stacks *s, stack_id parent, const uint32_t *items, size_t n,
		     stack_id *ret_ids)
{
	size_t i = 0;

	/* Behind the first new one all are new. */
	for (size_t had = s->n; i < n && s->n == had; i++)
		ret_ids[i] = parent = stacks_push(s, parent, items[n - 1 - i]);
	reserve(s, n - i);
	for (; i < n; i++) {
		s->entries[s->n] = items[n - 1 - i];
		ret_ids[i] = (stack_id)s->n++;
	}
}

void stacks_sum_up(const struct stacks *s, int64_t *weights)
{
	stacks_each_back(s, i)
	{
		stack_id parent = stacks_parent(s, i);

		if (parent != NO_ID)
			sum_add(&weights[parent], weights[i]);
	}
}

uint32_t *stacks_order(const struct stacks *s)
{
	uint32_t *place = mem_array(s->n, sizeof(*place)); /* at first: the next child's */
	auto_free uint32_t *size = mem_array(s->n, sizeof(*size));
	uint32_t roots = 0;

	stacks_each_back(s, i)
	{
		stack_id parent = stacks_parent(s, i);

		size[i]++;
		if (parent != NO_ID)
			size[parent] += size[i];
	}
	stacks_each(s, i)
	{
		stack_id parent = stacks_parent(s, i);
		uint32_t *next = parent == NO_ID ? &roots : &place[parent];

		place[i] = *next + 1;
		*next += size[i];
	}
	/* Every child has moved its parent's on by its own size. */
	stacks_each(s, i) place[i] -= size[i];
	return place;
}
