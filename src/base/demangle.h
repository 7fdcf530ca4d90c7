/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Readable names of C++, Rust and D symbols (libiberty) and of Go's generic functions.
 *
 * A mangled name comes from a file of anyone's making: a short one can grow without end. Output and
 * work are bounded; a name beyond the bounds stays mangled.
 */
#pragma once

#include <stdbool.h>

/* The demangled name (heap); NULL when `name` is not mangled. With `full` as it is; else without
 * parameters, and without what standard containers have by default: std::vector<int>::push_back;
 * a Go function's types become [...]. */
char *demangle(const char *name, bool full);
