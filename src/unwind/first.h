/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions that start a thread, a fiber, or a runtime's process: a stack that ends in one of
 * them is complete. */
#pragma once

#include <stdbool.h>

#include "elf/elf_file.h"

/* By its name and its code: a name alone may be anybody's. */
bool is_first_function(const struct elf_file *elf, const struct elf_symbol *symbol);
/* The same of generated code, by the name that its runtime gives it. */
bool is_first_generated(const char *name);
