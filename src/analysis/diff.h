/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What changed between two profiles, and how sure that is.
 *
 * Shape: both profiles' stacks in one, by names; its view's weights are the sum of both, so that a
 *        tree of it has what either has. Rows are by function of that view.
 * Units: weights in the unit of the chosen value, the base's scaled; p-values are adjusted for the
 *        number of functions (Benjamini and Hochberg).
 * Owner: diff_release().
 */
#pragma once

#include "analysis/tree.h"

struct diff_options {
	struct view_options base, new; /* which samples; not grouped */
	bool raw;                      /* no scaling */
	const char *normalize; /* a function whose total is made equal, as a regular expression;
				  NULL: the totals of the profiles */
};

struct diff_side {
	double base; /* weight, scaled */
	int64_t new;
	double base_count, new_count; /* samples */
	double p;                     /* adjusted; 1 when nothing is known */
	double low, high;             /* 95 % interval of the change, in shares of the whole */
};

struct diff_row {
	struct diff_side self, total;
};

struct diff {
	struct profile both;
	struct view v;
	struct diff_row *rows;
	double base; /* the wholes: scaled, */
	int64_t new;
	double base_count, new_count;
	double scale;              /* of the base */
	bool by_total;             /* scaled to equal totals */
	bool has_counts;           /* else there are no p-values: all are 1 */
	bool has_blocks;           /* overdispersion was estimated */
	double *overdispersion[2]; /* by function: of the base, of the new one */
	uint8_t *is_new;           /* by label set of `both` */
};

int diff_open(struct diff *d, const struct profile *base, const struct profile *new,
	      const struct diff_options *o, struct err *err);
void diff_release(struct diff *d);

/* Weights of each node of a tree of the view (heap). */
struct diff_side *diff_nodes(const struct diff *d, const struct tree *t);
/* From -1 (gone) to 1 (new); 0 where it may be chance. */
double diff_change(const struct diff_side *s);
/* Is it more than chance, at 5 %? */
bool diff_is_significant(const struct diff_side *s);
/* Functions by the size of the change of their self weight, what may be chance last (heap). */
uint32_t *diff_sorted(const struct diff *d, size_t *ret_n);
