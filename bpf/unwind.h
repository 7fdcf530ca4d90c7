/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The seam behind which a way of walking user stacks lives.
 *
 * unwind_user() is given the registers of the interrupted user context in the CPU's user_scratch
 * (ip, sp, fp; n = 0; hash = seed). It leaves the frames (leaf first, at most config.max_depth),
 * their number, how the walk ended, cfa and fp of the last frame's caller, and the hash of all
 * frames. Returns 0 or a negative errno when there is no stack at all.
 */
#pragma once

#include "scratch.h"

int unwind_user(void);
