/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many of a profile's frames have a name, weighted by samples. */
#pragma once

#include "profile/profile.h"

/* Fills account.frames and frames_named from the samples (the first value column). */
void coverage_count(const struct profile *p, struct account *a);
/* Adds frames and frames_named of stacks that have these weights (changed: their frames' are
 * added). */
void coverage_add(const struct profile *p, int64_t *weight, struct account *a);
