/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Regular expressions (PCRE2), searched anywhere in the text, with a bounded amount of work. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct regex;

/* Returns NULL and fills `err` (wrong usage) when the pattern is none. */
struct regex *regex_new(const char *pattern, struct err *err);
bool regex_matches(const struct regex *re, const char *text);
/* The same, where it matters whether it was found out. */
enum regex_result { REGEX_NONE, REGEX_MATCHES, REGEX_TOO_LONG };
enum regex_result regex_try(const struct regex *re, const char *text);
void regex_free(struct regex *re);
