/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dense ids: indexes into an array of their kind, with one value that means none. */
#pragma once

#include <stdint.h>

#define NO_ID UINT32_MAX
