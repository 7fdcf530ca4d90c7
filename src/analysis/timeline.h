/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When samples fell: blocks of time, of the label `end_timestamp_ns`.
 *
 * Units: nanoseconds since 1970; a sample's time is the end of its block.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile/profile.h"

#define TIMELINE_KEY "end_timestamp_ns"

/* Does any sample say when it fell? */
bool timeline_has(const struct profile *p);
/* The time of a sample; false when it has none. */
bool timeline_sample(const struct profile *p, size_t sample, int64_t *ret_ns);
