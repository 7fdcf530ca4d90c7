/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads (a profile of live/threads.h) as text, as JSON, and in the shapes of Go's goroutine
 * profile.
 *
 * Shape: threads with equal stacks are one group; the largest group comes first.
 * Source: Go's runtime/pprof (writeRuntimeProfile, writeGoroutineStacks).
 */
#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "profile/profile.h"

struct threads_options {
	bool each; /* no groups: every thread by itself */
	bool colour;
	bool no_annotations;
};

void threads_text(const struct profile *p, const struct threads_options *o, struct str *out);
void threads_json(const struct profile *p, const struct threads_options *o, struct str *out);
/* "goroutine profile: total N", as ?debug=1. */
void threads_counted(const struct profile *p, const char *name, struct str *out);
/* "goroutine N [futex, 3 minutes]:", as ?debug=2. */
void threads_dumped(const struct profile *p, struct str *out);
/* How many stacks there are. */
size_t threads_groups(const struct profile *p);
