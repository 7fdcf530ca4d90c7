/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Windows of what a server remembers, as profiles.
 *
 * Units: times are CLOCK_MONOTONIC.
 */
#pragma once

#include "live/past.h"
#include "profile/history.h"

/* What a window is cut out of. */
struct window_place {
	struct past *past;
	const struct event *events; /* of the recording */
	size_t n_events;
	uint64_t frequency_hz, period; /* as in struct recording_options */
	uint64_t history_hz;           /* the rate that windows by time are of */
	uint64_t started_ns, now_ns;
};

/* Is an event of that name recorded? NULL is any. */
bool window_has(const struct event *events, size_t n, const char *name);
/* Copies a window into an initialised profile, without names of its own, and counts samples, stacks
 * and processes in its account. `ret_aligned` is the window that it came to be. */
void window_copy(const struct window_place *at, const struct history_window *w,
		 struct history_window *ret_aligned, struct profile *ret);
