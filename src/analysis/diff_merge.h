/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two profiles made one, by the names of their functions. */
#pragma once

#include "analysis/view.h"

/* The values of its samples: how many they are, what they weigh, the base's times the scale, whose
 * parts are rounded, and what they weighed. */
enum { DIFF_COUNT, DIFF_SCALED, DIFF_WEIGHT, DIFF_VALUES };

/* Fills an empty profile with the samples of both that their views keep; labels are "side" ("base",
 * "new") and the time. */
void diff_merge(struct profile *to, const struct view *base, const struct view *new, double scale);
