/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What fell into each block of time, of a view. */
#pragma once

#include "analysis/timeline.h"
#include "analysis/view.h"

/* What fell into each block (heap), of a view of the same profile. */
int64_t *blocks_sums(const struct timeline *t, const struct view *v);
/* How dark a block is drawn: 0 (nothing) to 4. */
unsigned blocks_shade(int64_t sum, int64_t most);
