/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of sources.def, by name. */
#pragma once

enum source_row {
#define SOURCE(name, side, when) SOURCE_##name,
#include "collect/sources.def"
#undef SOURCE
	N_SOURCES
};
