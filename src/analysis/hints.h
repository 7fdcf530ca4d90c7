/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a profile does not name, and what would: lines for its comments. */
#pragma once

#include "profile/profile.h"

/* Adds a comment for each runtime whose functions have no names here. */
void hints_add(struct profile *p);
