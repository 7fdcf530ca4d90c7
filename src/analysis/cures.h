/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What names code, and makes stacks whole, in words for people: never empty. */
#pragma once

#include "profile/profile.h"

/* Does a profile have a file of this name, with or without a version? */
bool has_mapping(const struct profile *p, const char *name);
/* Of generated code of a profile that has no names. */
const char *cure_of_generated(const struct profile *p);
/* Of stacks that are cut, by the reason as in the account: "why, module". */
const char *cure_of_cut(const struct profile *p, const char *reason);
