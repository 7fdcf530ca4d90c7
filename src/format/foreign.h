/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of other tools that cprof does not read: what they are, and what to do instead. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Is that how such a file begins? Then `err` says which. What can be folded stacks is none: a line
 * of theirs ends with a count. */
bool foreign_is(const char *head, size_t len, bool is_text, struct err *err);
