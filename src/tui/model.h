/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tabs show of a profile: views and trees, made when they are first asked for and kept
 * until the profile or the filters change.
 *
 * Owner: model_release(); what it returns is valid until model_changed() or model_release().
 */
#pragma once

#include "analysis/tree.h"

enum { SPARK_SECONDS = 60 };

/* A function's self weight in each of the last seconds. */
struct spark {
	uint64_t key;
	int64_t last; /* the sum, the last time */
	float seconds[SPARK_SECONDS];
};

struct model {
	const struct profile *p;
	struct view_options o; /* texts are the model's, below */
	char focus[128], only[96];
	struct view all, groups[2]; /* by process, by thread */
	struct tree trees[2];       /* from the root, inverted */
	struct children children[2];
	uint64_t *keys[2]; /* of each tree's nodes: the path, by the names on it */
	bool has_all, has_groups[2], has_trees[2];
	struct err err; /* why there is no view: a bad expression */
	struct spark *sparks;
	size_t n_sparks, cap_sparks, spark_at;
	struct map64 spark_of;
};

void model_release(struct model *m);
/* The profile has other values, or is another one. */
void model_changed(struct model *m, const struct profile *p);
/* Notes each function's weight, once a second. `part`: of what was there before, that is left. */
void model_tick(struct model *m, double part);
void model_forget(struct model *m);

/* NULL: there is none, and m->err says why. Counted, without groups. */
const struct view *model_view(struct model *m);
/* By process or by thread. */
enum { MODEL_PROCESSES, MODEL_THREADS };
const struct view *model_groups(struct model *m, int which);
const struct tree *model_tree(struct model *m, bool inverted, const struct children **ret);

/* The same function in another view, or later. */
uint64_t function_key(const struct function *f);
/* NULL: nothing is known of it. The newest is before m->spark_at. */
const struct spark *model_spark(const struct model *m, const struct function *f);
