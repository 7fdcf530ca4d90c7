/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions that start a thread, a fiber, or a runtime's process: a stack that ends in one of
 * them is complete. */
#pragma once

#include <stdbool.h>

#include "elf/code_window.h"
#include "elf/insn.h"

/* What looking for them in a file takes; all zero at the beginning. */
struct first_search {
	struct insn_reader *reader;
	struct code_window window;
	unsigned tries; /* whose code was looked at: no more than MAX_FIRST_TRIES */
};

void first_search_release(struct first_search *s);
/* By its name and its code: a name alone may be anybody's. */
bool is_first_function(struct first_search *s, const struct elf_file *elf,
		       const struct elf_symbol *symbol);
/* The same of generated code, by the name that its runtime gives it. */
bool is_first_generated(const char *name);
