/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What named a frame: rows of the account. */
#pragma once

enum named_by {
#define NAMED_BY(id, what) BY_##id,
#include "symbolize/named_by.def"
#undef NAMED_BY
	N_NAMED_BY
};
