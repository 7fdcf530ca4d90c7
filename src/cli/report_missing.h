/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `report --missing`: modules with functions that have no name, and what would name them. */
#pragma once

#include "base/str.h"
#include "profile/profile.h"

/* Appends it as text, at most `most` modules (0: all), or as JSON. */
void report_missing(const struct profile *p, size_t most, bool json, struct str *out);
