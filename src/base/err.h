/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What went wrong, in words: filled by the function that failed, printed by cli/ only.
 *
 * Errors: functions return 0 or a negative errno and fill a `struct err *`, which is never NULL.
 *         `what` says what could not be done and why; `cure`, when not empty, what to do about it;
 *         both are plain text, whatever they are made of.
 */
#pragma once

#include <stdbool.h>

struct err {
	char what[512];
	char cure[512];
	bool by_limit; /* a limit of this process is the cause, and `cure` lifts it */
	int code;      /* negative errno */
	int exit_code; /* 0, or the exit code that the contract asks for (2: wrong usage) */
};

/* Fills `what`; a negative `code` adds its text. Returns `code` (never 0). */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same for a wrong argument: exit code 2, no errno text. Returns -EINVAL. */
int err_usage(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds the cure, unless a limit is the cause, whose cure is there. Returns err->code. */
int err_cure(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
