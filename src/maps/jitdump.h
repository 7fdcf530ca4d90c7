/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of a jitdump file.
 *
 * Trust: the file is the process's own, and hostile. Sizes are bounded.
 * Source: tools/perf/Documentation/jitdump-specification.txt of Linux.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maps/code_map.h"

/* Adds what records tell of. Returns the bytes of whole records, 0 for a damaged file. `header`: it
 * begins with the file's header. */
size_t jitdump_parse(struct code_map *c, const uint8_t *data, size_t len, bool header);
