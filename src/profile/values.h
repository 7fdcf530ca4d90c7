/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the columns of a profile's values are: one row for each sample type that is known by name,
 * and what follows from the names of those that are not.
 *
 * Source: values.def; the names are those of pprof files, Go's runtime/pprof among them.
 */
#pragma once

#include <stdint.h>

#include "profile/profile.h"

/* The column that says how many events the values of a column are made of: itself, where that is
 * what it counts. NO_ID: none does. */
uint32_t value_counts(const struct profile *p, uint32_t column);
/* The column that folded stacks and graphs show where this one is the profile's default. */
uint32_t value_folded(const struct profile *p, uint32_t column);
/* Does a value add up over time, or is it true at a moment? */
enum value_kind { VALUE_FLOW, VALUE_STATE };

/* That of a type that is known by name; others are flows. */
enum value_kind value_kind(const char *type);
/* The unit of a type that is known by name; "count" of others. */
const char *value_unit(const char *type);
/* Adds a column of a type that is known by name (profile_add_type()). */
uint32_t value_add(struct profile *p, const char *type);
/* The column of that type; NO_ID: there is none. */
uint32_t value_column(const struct profile *p, const char *type);
/* Makes a type the profile's default, if it has it. */
void value_show(struct profile *p, const char *type);
/* What is counted, in words: "samples", "objects"; "" where the unit says it. */
const char *value_noun(const struct profile *p, uint32_t column);
