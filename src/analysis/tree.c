/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The merged call tree of a view. */
#include "analysis/tree.h"

#include "base/mem.h"
#include "base/sort.h"
#include "base/sum.h"
#include "base/thread.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * The tree is built from the root on, some levels at a time. A pass puts the next levels of all
 * paths that are still open into a trie of its own, keeps what is heavy enough, and closes the
 * paths that left it. So what is cut never takes more than a pass's memory.
 */
enum { PASS_NODES = 256 << 10, LEAST_LEVELS = 2 };

/* Levels of every path that are noted first: to walk one again costs more than all else. */
enum { HEAD_LEVELS = 16, MOST_HEADS = 4 << 20 };

struct build {
	const struct view *v;
	const struct tree_options *o;
	struct tree *t;
	struct path path;
	int64_t least;
	uint32_t *heads; /* of each origin; NO_ID behind its end; NULL: there are too many */
	uint32_t *open;  /* origins whose paths go on */
	size_t n_open;
	uint32_t depth, levels; /* of this pass: where it begins, how many */
	struct stacks trie;     /* roots: nodes of the tree + 1, 0 the whole; then functions */
	uint32_t root_item;     /* the one of the trie that was used last */
	stack_id root;
	int64_t *total; /* of each node of it */
	uint32_t *end;  /* of each open origin, in the trie */
	bool *more;     /* its path goes on behind that */
};

void tree_release(struct tree *t)
{
	free(t->nodes);
	free(t->place);
	*t = (struct tree){0};
}

/* The function of a path at a depth from the tree's root; NO_ID behind the end. */
static uint32_t function_at(const struct path *path, const struct origin *o, bool inverted,
			    uint32_t depth)
{
	if (o->group != NO_ID && depth-- == 0)
		return o->group;
	if (depth >= path->n)
		return NO_ID;
	return path->functions[inverted ? depth : path->n - 1 - depth];
}

static void note_heads(void *ctx, unsigned part, size_t from, size_t to)
{
	const struct build *b = ctx;
	struct path path auto_release(path_release) = {0};

	(void)part;
	for (size_t i = from; i < to; i++) {
		const struct origin *o = &b->v->origins[i];

		view_path(b->v, o->stack, &path);
		for (uint32_t k = 0; k < HEAD_LEVELS; k++)
			b->heads[i * HEAD_LEVELS + k] = function_at(&path, o, b->o->inverted, k);
	}
}

/* Neighbours often have the same. */
static stack_id tree_root_of(struct build *b, uint32_t item)
{
	if (!b->trie.n || b->root_item != item)
		b->root = stacks_push(&b->trie, NO_ID, item);
	b->root_item = item;
	return b->root;
}

/* Are the levels of this pass among those that were noted? */
static bool heads_reach(const struct build *b)
{
	return b->heads && b->depth + b->levels < HEAD_LEVELS;
}

/* Puts this pass's part of a path into the trie. */
static void push_part(struct build *b, size_t i)
{
	const struct origin *o = &b->v->origins[b->open[i]];
	stack_id at = tree_root_of(b, b->t->place[b->open[i]] + 1);
	uint32_t f, depth = b->depth, stop = b->depth + b->levels;
	const uint32_t *head = NULL;

	if (heads_reach(b))
		head = b->heads + (size_t)HEAD_LEVELS * b->open[i];
	else
		view_path(b->v, o->stack, &b->path);
	for (;; depth++) {
		f = head ? head[depth] : function_at(&b->path, o, b->o->inverted, depth);
		if (f == NO_ID || depth == stop)
			break;
		at = stacks_push(&b->trie, at, f);
	}
	b->end[i] = at;
	b->more[i] = f != NO_ID;
}

static void tree_sum_up(struct build *b)
{
	b->total = mem_array(b->trie.n, sizeof(*b->total));
	for (size_t i = 0; i < b->n_open; i++)
		sum_add(&b->total[b->end[i]], b->v->origins[b->open[i]].weight);
	stacks_sum_up(&b->trie, b->total);
}

static uint32_t node_add(struct tree *t, uint32_t parent, uint32_t function, int64_t total)
{
	array_reserve(t->nodes, t->cap, t->n + 1);
	t->nodes[t->n] = (struct tree_node){parent, function, 0, 0, total};
	return (uint32_t)t->n++;
}

static bool is_light(const struct build *b, int64_t total)
{
	return total < b->least && total > -b->least;
}

/* Takes over what is heavy enough; returns for each node of the trie that of the tree (heap), for
 * those that are cut `*ret_cut`. */
static uint32_t *keep_heavy(struct build *b, bool **ret_cut)
{
	uint32_t *node_of = mem_array(b->trie.n, sizeof(*node_of));
	bool *cut = mem_array(b->trie.n, sizeof(*cut));

	stacks_each(&b->trie, i)
	{
		stack_id parent = stacks_parent(&b->trie, i);
		uint32_t item = stacks_item(&b->trie, i);

		if (parent == NO_ID) {
			node_of[i] = item - 1;
			continue;
		}
		node_of[i] = node_of[parent];
		cut[i] = cut[parent] || is_light(b, b->total[i]);
		if (!cut[i])
			node_of[i] = node_add(b->t, node_of[parent], item, b->total[i]);
	}
	*ret_cut = cut;
	return node_of;
}

static void close_paths(struct build *b, const uint32_t *node_of, const bool *cut)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n_open; i++) {
		uint32_t origin = b->open[i], node = node_of[b->end[i]];
		int64_t weight = b->v->origins[origin].weight;
		struct tree_node *at = node == NO_ID ? NULL : &b->t->nodes[node];

		b->t->place[origin] = node;
		if (cut[b->end[i]])
			sum_add(at ? &at->cut : &b->t->cut, weight);
		else if (!b->more[i])
			sum_add(at ? &at->self : &b->t->self, weight);
		else
			b->open[n++] = origin;
	}
	b->n_open = n;
}

static void run_pass(struct build *b)
{
	uint32_t *node_of;
	bool *cut;

	for (size_t i = 0; i < b->n_open; i++)
		push_part(b, i);
	tree_sum_up(b);
	node_of = keep_heavy(b, &cut);
	close_paths(b, node_of, cut);
	b->depth += b->levels;
	/* Behind the heads each pass walks the paths anew: what is open for long is to have few. */
	if (!heads_reach(b))
		b->levels = MIN(2 * b->levels, UINT32_MAX / 4);
	free(node_of);
	free(cut);
	free(b->total);
	stacks_release(&b->trie);
}

static int tree_heaviest_first(const void *x, const void *y)
{
	return -compare_u64(x, y);
}

static uint64_t weight_of(const struct tree_node *n)
{
	return n->total < 0 ? -(uint64_t)n->total : (uint64_t)n->total;
}

/* Keeps the heaviest `most`, of equal ones the first: a parent weighs what its children do. */
static void prune(struct tree *t, const struct view *v, size_t most)
{
	auto_free uint64_t *weights = mem_array(t->n, sizeof(*weights));
	auto_free uint32_t *node_of =
		mem_array(t->n, sizeof(*node_of)); /* kept, or the nearest above */
	auto_free bool *kept = mem_array(t->n, sizeof(*kept));
	size_t n = 0, heavier = 0, equal;

	for (size_t i = 0; i < t->n; i++)
		weights[i] = weight_of(&t->nodes[i]);
	qsort(weights, t->n, sizeof(*weights), tree_heaviest_first);
	t->least = v->whole ? (double)weights[most] / (double)v->whole : 1;
	while (heavier < most && weights[heavier] > weights[most])
		heavier++;
	equal = most - heavier;
	for (size_t i = 0; i < t->n; i++) {
		struct tree_node node = t->nodes[i];
		uint64_t weight = weight_of(&node);
		uint32_t above = node.parent == NO_ID ? NO_ID : node_of[node.parent];
		bool follows = node.parent == NO_ID || kept[node.parent];

		kept[i] = follows &&
			  (weight > weights[most] || (weight == weights[most] && equal && equal--));
		node_of[i] = kept[i] ? (uint32_t)n : above;
		node.parent = above;
		if (kept[i])
			t->nodes[n++] = node;
		else if (follows)
			sum_add(above == NO_ID ? &t->cut : &t->nodes[above].cut, node.total);
	}
	for (size_t i = 0; i < v->n_origins; i++)
		if (t->place[i] != NO_ID)
			t->place[i] = node_of[t->place[i]];
	t->n = n;
}

static void tree_fill(struct tree *t, const struct view *v, const struct tree_options *o)
{
	struct build b = {.v = v, .o = o, .t = t, .n_open = v->n_origins};

	*t = (struct tree){.total = v->total, .whole = v->whole, .least = o->least};
	b.least = (int64_t)((double)v->whole * o->least);
	t->place = mem_array(v->n_origins, sizeof(*t->place));
	b.open = mem_array(v->n_origins, sizeof(*b.open));
	b.end = mem_array(v->n_origins, sizeof(*b.end));
	b.more = mem_array(v->n_origins, sizeof(*b.more));
	if (o->least > 0 && v->n_origins <= MOST_HEADS)
		b.heads = mem_array(v->n_origins, HEAD_LEVELS * sizeof(*b.heads));
	if (b.heads)
		thread_split(thread_parts(v->n_origins, LEAST_ORIGINS), v->n_origins, note_heads,
			     &b);
	for (uint32_t i = 0; i < v->n_origins; i++) {
		b.open[i] = i;
		t->place[i] = NO_ID;
	}
	b.levels = UINT32_MAX / 4;
	if (b.least)
		b.levels = (uint32_t)MAX(PASS_NODES / MAX(b.n_open, 1u), LEAST_LEVELS);
	while (b.n_open)
		run_pass(&b);
	path_release(&b.path);
	free(b.heads);
	free(b.open);
	free(b.end);
	free(b.more);
}

void tree_build(struct tree *t, const struct view *v, const struct tree_options *o)
{
	tree_fill(t, v, o);
	if (o->most && t->n > o->most)
		prune(t, v, o->most);
}

/* -- children -- */

struct sorting {
	const struct tree *t;
	const struct view *v;
	enum children_order order;
};

static int compare_nodes(const void *x, const void *y, void *ctx)
{
	const struct sorting *s = ctx;
	uint32_t i = *(const uint32_t *)x, k = *(const uint32_t *)y;
	const struct tree_node *a = &s->t->nodes[i], *b = &s->t->nodes[k];
	int order = 0;

	if (s->order == CHILDREN_BY_WEIGHT && a->total != b->total)
		return a->total < b->total ? 1 : -1;
	if (a->function != b->function)
		order = strcmp(s->v->functions[a->function].name,
			       s->v->functions[b->function].name);
	if (order)
		return order;
	return i < k ? -1 : 1;
}

void children_find(struct children *c, const struct tree *t, const struct view *v,
		   enum children_order order)
{
	struct sorting sorting = {t, v, order};

	c->nodes = mem_array(t->n, sizeof(*c->nodes));
	c->at = mem_array(t->n + 3, sizeof(*c->at));
	/* Counted two places on, so that filling moves each start to where it belongs. */
	for (size_t i = 0; i < t->n; i++)
		c->at[(size_t)(t->nodes[i].parent + 1) + 2]++;
	for (size_t i = 2; i < t->n + 3; i++)
		c->at[i] += c->at[i - 1];
	for (uint32_t i = 0; i < t->n; i++)
		c->nodes[c->at[(size_t)(t->nodes[i].parent + 1) + 1]++] = i;
	for (size_t i = 0; i <= t->n; i++)
		if (c->at[i + 1] - c->at[i] > 1)
			qsort_r(c->nodes + c->at[i], c->at[i + 1] - c->at[i], sizeof(*c->nodes),
				compare_nodes, &sorting);
}

void children_release(struct children *c)
{
	free(c->nodes);
	free(c->at);
	*c = (struct children){0};
}
