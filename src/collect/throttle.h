/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was not sampled because the kernel held events back, by its records of when it did.
 *
 * Units: times are CLOCK_MONOTONIC.
 * Owner: throttle_release(). All zeroes is one that never was.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "collect/side_record.h"

struct throttle {
	uint32_t rate_hz;   /* of what is sampled now; 0: none was asked for */
	uint64_t *since_ns; /* by CPU; 0: it is not held back */
	size_t cap;
	double samples; /* at the rates of their time */
	uint64_t ns;    /* at none */
};

void throttle_release(struct throttle *t);
/* Takes a SIDE_THROTTLE or SIDE_UNTHROTTLE. */
void throttle_take(struct throttle *t, const struct side_record *record);
/* From now on it is sampled at that rate. */
void throttle_set_rate(struct throttle *t, uint32_t rate_hz, uint64_t now_ns);
/* Samples, up to `now_ns`; `seen_hz` is the rate where none was asked for. */
uint64_t throttle_samples(const struct throttle *t, uint64_t now_ns, double seen_hz);
