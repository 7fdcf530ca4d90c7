/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/kallsyms: names of kernel functions, of modules and of BPF programs.
 *
 * Source: kernel/kallsyms.c; all addresses are 0 when kernel.kptr_restrict hides them.
 */
#pragma once

#include <stdbool.h>

#include "symbolize/symtab.h"

/* Parses lines (modified) into the table; incomplete last lines are left out. Returns how many
 * symbols had an address. */
size_t kallsyms_parse(char *text, struct symtab *t);

/* Takes "name+0x12/0x34 [module]" (modified) apart: the name is what is left in `text`. False when
 * it is not of this form. */
bool kernel_words_parse(char *text, uint64_t *ret_offset, char **ret_module);
