/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this machine has of what profiling needs: found by trying, never by version numbers.
 *
 * Shape: one row of features.def each, in the order of importance.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum feature_weight {
	FEATURE_NEEDED, /* without it cprof does little */
	FEATURE_USEFUL,
};

struct feature {
	const char *id, *name;
	enum feature_weight weight;
	/* Appends what was found, in a few words, and where it is not there, what would bring it
	 * ("" : nothing). */
	bool (*find)(struct str *found, struct str *cure);
	const char *without; /* what it costs */
};

/* NULL beyond the last. */
const struct feature *feature_at(size_t i);
