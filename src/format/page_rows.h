/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The weights of a page's tree: what ends at which node, by group and block of time.
 *
 * There are at most PAGE_ROWS: beyond, blocks of time are joined, then threads, cgroups and
 * processes are left out, and the page says so.
 * Owner: page_rows_release().
 */
#pragma once

#include "analysis/timeline.h"
#include "analysis/tree.h"

enum page_group { PAGE_PROCESS, PAGE_THREAD, PAGE_CGROUP, N_PAGE_GROUPS };
enum { PAGE_ROWS = 200000 };

struct page_row {
	uint32_t node;                 /* NO_ID: the whole */
	uint32_t group[N_PAGE_GROUPS]; /* NO_ID: none */
	uint32_t block;
	int64_t weight;
};

struct page_rows {
	struct page_row *rows;
	size_t n, cap;
	struct groups groups[N_PAGE_GROUPS];
	bool left_out[N_PAGE_GROUPS];
	struct timeline times; /* with blocks as they are here */
	bool timed;
};

/* `timed`: by block of time too, where samples have one. */
void page_rows_make(struct page_rows *r, const struct view *v, const struct tree *t, bool timed);
void page_rows_release(struct page_rows *r);
