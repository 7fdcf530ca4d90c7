/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The merged call tree of a profile: equal functions called from equal stacks are one node.
 *
 * Every view comes from it: tables, trees, flame graphs and folded stacks.
 * Shape: a row is a function (name, module, kind, inlined?), a node a row called from a node; a
 *        parent's id is smaller than its child's. Group nodes (--by) stand at the root.
 * Units: self and total are in the unit of the chosen sample type.
 * Owner: tree_release(); names point into the profile, which must outlive the tree.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "profile/profile.h"

enum group_by { BY_NONE, BY_PROCESS, BY_THREAD, BY_PID, BY_TID, BY_CPU, BY_CGROUP };

struct view_options {
	const char *value; /* sample type; NULL: `count` decides */
	bool count;        /* with no `value`: samples rather than the profile's default */
	enum group_by by;
	const char *focus; /* regular expressions, NULL: none */
	const char *ignore;
};

struct tree_row {
	const char *name;
	const char *module;
	uint8_t kind; /* enum frame_kind */
	bool inlined, named, is_group;
	int64_t self, total; /* recursion counts once */
};

struct tree_node {
	int64_t self, total;
};

struct tree {
	struct tree_row *rows;
	size_t n_rows, cap_rows;
	struct stacks shape; /* node -> (parent, row) */
	struct tree_node *nodes;
	size_t cap_nodes;
	char **names; /* of groups */
	size_t n_names, cap_names;
	int64_t total;
	const char *type, *unit; /* of the values */
};

/* Fails for a value that the profile has not, or a bad expression. */
int tree_build(struct tree *t, const struct profile *p, const struct view_options *o,
	       struct err *err);
void tree_release(struct tree *t);

/* Rows that are functions with weight, sorted; the caller frees the array. */
enum sort_key { SORT_SELF, SORT_TOTAL };
uint32_t *tree_rows_sorted(const struct tree *t, enum sort_key key, size_t *ret_n);

/* The column that `o` chooses; NO_ID and an error if there is none of that name. */
uint32_t profile_value_index(const struct profile *p, const struct view_options *o,
			     struct err *err);

/* "process" -> BY_PROCESS; false when it is none. */
bool group_by_parse(const char *text, enum group_by *ret);
