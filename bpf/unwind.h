/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The seam behind which the ways of walking user stacks live.
 *
 * They are given the registers of the interrupted user context in the scratch of the level, and
 * hash = seed. They leave the frames (leaf first, at most config.max_depth), their number, how the
 * walk ended, and the hash of it all. Return 0 or a negative errno when there is no stack at all.
 */
#pragma once

#include "scratch.h"

/* By unwind tables, and frame pointers where there are none. `end` may ask for a capture. */
int unwind_by_tables(u32 level);

/* By frame pointers alone; leaves cfa and fp of the last frame's caller too. */
int unwind_by_frame_pointers(u32 level);
