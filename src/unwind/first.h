/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions that start a thread: a stack that ends in one of them is complete. */
#pragma once

#include <stdbool.h>

bool is_first_function(const char *name);
