/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instructions of a function in a file of this machine (capstone), with their lines. */
#pragma once

#include "base/err.h"
#include "profile/code.h"
#include "symbolize/symbolize.h"

/* Those of the function that holds the offset of the mapping's file; fails where the file is not
 * here any more, or another one. */
int disassemble(const struct symbolize_options *o, const struct profile *p, mapping_id mapping,
		uint64_t offset, struct code *ret, struct err *err);
