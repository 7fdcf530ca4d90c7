/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Limits of this process (ulimit) that errors come of.
 *
 * Source: getrlimit(2).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What lifts the limit that a negative errno comes of, in words; "" when it is none. */
void limits_cure(int code, char *buf, size_t size);
/* Is the memory that this process may have used up, or nearly so? */
bool limits_leave_no_memory(void);
/* How many files may be open at once. */
size_t limits_files(void);
