/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sections that are read in bulk (debug information, symbol tables): mapped from the file,
 * inflated where they are compressed (SHF_COMPRESSED with zlib or zstd, the older .zdebug_*, and
 * the whole file in .gnu_debugdata, which is xz).
 *
 * Owner: sections_free(); what sections_get() returns lives as long.
 * Threads: one a struct.
 * Errors: none; a section that is absent, damaged or too large is empty.
 */
#pragma once

#include "elf/elf_file.h"

struct sections;

/* `f` must outlive it. NULL when the file cannot be mapped. */
struct sections *sections_new(const struct elf_file *f);
void sections_free(struct sections *s);
/* Has `f` freed with them. */
void sections_own(struct sections *s, struct elf_file *f);
/* By name (".debug_info" also finds ".zdebug_info"); the second call is free. */
struct elf_section sections_get(struct sections *s, const char *name);
/* Is there one of that name, in either form? */
bool sections_has(struct sections *s, const char *name);

/* The small ELF file in .gnu_debugdata, to be freed before `s`; NULL when there is none. */
struct elf_file *sections_debugdata(struct sections *s);
