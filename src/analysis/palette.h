/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Colours of functions in flame graphs, the same in every output: a family for each kind, and
 * within it one that depends on the name alone.
 *
 * Units: 0xRRGGBB, for dark text on top.
 */
#pragma once

#include <stdint.h>

#include "analysis/view.h"

uint32_t function_colour(const struct function *f);

/* Red for more, blue for less, the stronger the larger: `change` is from -1 to 1. */
uint32_t change_colour(double change);

/* What cannot be told apart from chance. */
#define COLOUR_GREY 0xc8c8c8u
