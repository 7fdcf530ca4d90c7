/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mappings of a profile by their file's name, for what knows nothing else of them.
 *
 * Owner: named_mappings_release(); a zeroed struct with its profile is empty.
 */
#pragma once

#include "profile/profile.h"

struct named_mappings {
	struct profile *p;
	struct map64 known; /* file name -> mapping */
};

/* The mapping of `like`'s file, made like that when it is new. */
mapping_id named_mappings_add(struct named_mappings *m, const struct mapping *like);
void named_mappings_release(struct named_mappings *m);
