/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two profiles made one, by the names of their functions. */
#pragma once

#include "analysis/view.h"

/*
 * Fills an empty profile with the samples of both that their views keep: values are samples and
 * weight, the base's weight times `scale`; labels are "side" ("base", "new") and the time.
 */
void diff_merge(struct profile *to, const struct view *base, const struct view *new, double scale);
