/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frames that a pprof file wants left out: those whose names match drop_frames and not
 * keep_frames, and all that they call.
 *
 * Source: profile/prune.go of github.com/google/pprof, whose rules these are.
 */
#pragma once

#include <stdbool.h>

#include "profile/profile.h"

struct pruning;

/* Of the expressions that `p` has; NULL when it has none. What is none, or takes too long, drops
 * nothing, and p->account says so. */
struct pruning *pruning_new(struct profile *p);
void pruning_free(struct pruning *pr);
/* Is a function of that name to be dropped? False when `pr` is NULL. */
bool pruning_drops(struct pruning *pr, string_id name);
