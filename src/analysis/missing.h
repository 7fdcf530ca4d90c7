/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where names are missing: modules by the weight of their frames without one.
 *
 * Shape: sorted by weight.
 * Owner: the caller frees the array; texts are the profile's.
 */
#pragma once

#include "profile/profile.h"

struct missing {
	mapping_id mapping; /* NO_ID: in none */
	uint64_t frames;    /* weighted by samples */
	uint64_t unnamed;
	bool is_generated; /* code */
};

/* Returns the modules that have frames without a name. `ret_frames`: of all modules. */
struct missing *missing_names(const struct profile *p, size_t *ret_n, uint64_t *ret_frames);
