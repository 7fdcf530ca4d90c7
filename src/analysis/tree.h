/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The merged call tree of a view: equal functions called from equal paths are one node.
 *
 * Trees as text and on the screen, flame graphs and folded stacks are made of it.
 * Shape: a node is a function called from its parent, or, inverted, calling it; a parent's id is
 *        smaller than its child's. Branches that are too light are cut: their weight is their
 *        parent's `cut`. So total = self + cut + the children's totals, and over all nodes self +
 *        cut adds up to the view's total.
 * Memory: by what is kept and the number of origins, not by what is cut: a million distinct stacks
 *         make a small tree.
 * Owner: tree_release().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/view.h"

struct tree_options {
	bool inverted; /* from the leaves up */
	double least;  /* share of the total below which a branch is cut; 0: nothing is cut */
	size_t most;   /* nodes: lighter ones are cut, too; 0: any number */
};

struct tree_node {
	uint32_t parent; /* NO_ID: a root */
	uint32_t function;
	int64_t self, cut, total;
};

/* Inverted, a root's weight is its function's self, and of the others none is. */
static inline int64_t tree_node_self(const struct tree_node *n, bool inverted)
{
	if (!inverted)
		return n->self;
	return n->parent == NO_ID ? n->total : 0;
}

struct tree {
	struct tree_node *nodes;
	size_t n, cap;
	int64_t self, cut, total; /* of the whole: of empty stacks; of roots that were cut; all */
	int64_t whole;            /* what shares are of, as in the view */
	double least;             /* that was applied */
	uint32_t *place;          /* origin -> the deepest node that has it; NO_ID: the whole */
};

void tree_build(struct tree *t, const struct view *v, const struct tree_options *o);
void tree_release(struct tree *t);

/* Children of each node in a row. `at` is indexed by node + 1, so that the roots come first. */
struct children {
	uint32_t *nodes;
	uint32_t *at; /* children of node i: nodes[at[i + 1]] up to nodes[at[i + 2]] */
};
enum children_order { CHILDREN_BY_NAME, CHILDREN_BY_WEIGHT };
void children_find(struct children *c, const struct tree *t, const struct view *v,
		   enum children_order order);
void children_release(struct children *c);
