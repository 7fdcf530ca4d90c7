/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What commands print on standard output, but for profiles in one of the formats.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* Writes the text. Whatever it was made of, a terminal finds nothing in it to obey but our colours.
 * 0 or a negative errno. */
int standard_out(struct str *text, struct err *err);
