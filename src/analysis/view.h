/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A view of a profile: which of its samples, by which value, as what functions.
 *
 * Every table, tree and graph is made of one.
 * Shape: a function is what is shown as one (name, module, kind, inlined?), or a group (--by),
 *        which stands at the root. An origin is where weight comes from: a stack, under a group;
 *        in the order of stacks, so that neighbours have most frames in common.
 * Units: weights are in the unit of the chosen sample type.
 * Owner: view_release(); names point into the profile, which must outlive the view.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/groups.h"
#include "base/err.h"
#include "profile/profile.h"

struct view_options {
	const char *value; /* sample type; NULL: `count` decides */
	bool keeps_zeros;  /* samples that weigh nothing are among the others */
	bool count;        /* with no `value`: the samples of the default rather than it */
	enum group_by by;
	const char *focus; /* regular expressions, NULL: none */
	const char *ignore;
	const char *only; /* a group of `only_by`: nothing else; NULL: all */
	enum group_by only_by;
	bool in_range; /* only samples of blocks that end in (start_ns, end_ns], since 1970 */
	int64_t start_ns, end_ns;
};

struct function {
	const char *name;
	const char *module;
	uint8_t kind; /* enum frame_kind */
	bool inlined, named, is_group;
	int64_t self, total; /* after view_count(); recursion counts once */
};

struct origin {
	stack_id stack; /* NO_ID: no frames */
	uint32_t group; /* a function, NO_ID: none */
	int64_t weight;
};

enum { LEAST_ORIGINS = 10000 }; /* that are worth a thread */

struct view {
	const struct profile *p;
	struct function *functions;
	size_t n_functions, cap_functions;
	uint32_t *chain_at; /* frame -> its first place in `chain`; [n_frames]: the end */
	uint32_t *chain; /* functions of a frame: itself, then what is inlined, outermost first */
	struct origin *origins;
	size_t n_origins, cap_origins;
	uint32_t *origin_of; /* sample -> origin, NO_ID: it is left out */
	struct groups groups;
	uint32_t value;  /* the sample type */
	uint32_t counts; /* that of the number of samples; NO_ID: none */
	int64_t total;
	int64_t whole;    /* what shares are of: the total; of weights with signs, without them */
	uint64_t samples; /* what the total is made of, for intervals; 0: not known */
	const char *type, *unit;
};

/* Fails for a value that the profile has not, a bad expression, or a range without times. */
int view_open(struct view *v, const struct profile *p, const struct view_options *o,
	      struct err *err);
void view_release(struct view *v);

/* Fills the functions' self and total. */
void view_count(struct view *v);
/* The same of one group alone (a function; NO_ID: what is in none). */
void view_count_group(struct view *v, uint32_t group);

/* Functions with weight, or groups, sorted; the caller frees the array. */
enum sort_key { SORT_SELF, SORT_TOTAL, SORT_FUNCTION, SORT_MODULE };
uint32_t *view_sorted(const struct view *v, enum sort_key key, size_t *ret_n);
uint32_t *view_groups_sorted(const struct view *v, size_t *ret_n);

/* The functions of a path, from the leaf to the root, without its group. */
struct path {
	uint32_t *functions;
	size_t n, cap;
};
void path_release(struct path *path);
void view_path(const struct view *v, stack_id stack, struct path *ret);

/* The column that `o` chooses; NO_ID and an error if there is none of that name. */
uint32_t profile_value_index(const struct profile *p, const struct view_options *o,
			     struct err *err);
