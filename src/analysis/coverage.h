/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many of a profile's frames have a name, weighted by samples. */
#pragma once

#include "profile/profile.h"

/* Fills account.frames and frames_named from the samples (the first value column). */
void coverage_count(const struct profile *p, struct account *a);
