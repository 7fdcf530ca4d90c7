/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/kallsyms: names of kernel functions, of modules and of BPF programs.
 *
 * Source: kernel/kallsyms.c; all addresses are 0 when kernel.kptr_restrict hides them.
 */
#pragma once

#include "symbolize/symtab.h"

/* Parses lines (modified) into the table; incomplete last lines are left out. Returns how many
 * symbols had an address. */
size_t kallsyms_parse(char *text, struct symtab *t);
