/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page that shows a profile in a browser: one file, no network.
 *
 * Shape: the page holds two cut trees (from the root, and from the leaves), and for each the
 *        weights that end at its nodes, by group and block of time; the functions with their exact
 *        sums; and the profile itself as pprof.
 * Owner: the caller's, all of it.
 */
#pragma once

#include "analysis/tree.h"
#include "base/err.h"

struct page_tree {
	const struct tree *t;
	const uint32_t *colours; /* of a difference, by node; NULL: by function */
};

struct page {
	const struct view *v; /* without groups, counted */
	struct page_tree down, up;
	const char *title, *note; /* `note` may be NULL */
	bool annotate;
	/* Of a difference, by function; NULL: it is none. */
	const int64_t *base; /* scaled to the total of the new one */
	const double *p;     /* adjusted p-values */
	int64_t whole;       /* what the functions' shares are of */
};

int page_write(const struct page *page, int fd, struct err *err);

/* What is kept of the trees. */
extern const struct tree_options page_tree;
