/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Readable names of C++, Rust and D symbols (libiberty).
 *
 * A mangled name comes from a file of anyone's making: a short one can grow without end. Output and
 * work are bounded; a name beyond the bounds stays mangled.
 */
#pragma once

#include <stdbool.h>

/* The demangled name (heap), with `full` also its parameters; NULL when `name` is not mangled. */
char *demangle(const char *name, bool full);
