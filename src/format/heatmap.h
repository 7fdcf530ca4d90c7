/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When samples fell, as text: a column a second, blocks within it from below, and its numbers. */
#pragma once

#include "analysis/view.h"
#include "base/str.h"

/* Fails when the profile does not say. */
int heatmap_text(const struct view *v, bool json, struct str *out, struct err *err);
