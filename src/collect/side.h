/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which side samples: programs in the kernel, or, where it refuses them, perf alone.
 *
 * Owner: side_release(), also of one that was never opened (all zero). What it was opened with
 *        outlives it.
 */
#pragma once

#include "collect/identity.h"
#include "collect/kernel.h"
#include "collect/recording_options.h"
#include "collect/sources.h"
#include "collect/targets.h"
#include "maps/images.h"

/* What decides. */
struct side_options {
	struct recording_options *o; /* `cpu` among its events may become the clock */
	const struct targets *targets;
	const struct cpu_list *online;
	const struct identity_options *identity;
};

struct side {
	struct kernel *kernel; /* NULL: perf alone */
	struct sources sources;
	char refused[ACCOUNT_REASON_BYTES]; /* why there is no kernel side; "": there is one */
};

/* Are user stacks walked by unwind tables? */
bool side_walks_by_tables(const struct recording_options *o);
int side_open(struct side *s, const struct side_options *o, struct images *images, struct err *err);
void side_release(struct side *s);
