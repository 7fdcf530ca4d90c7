/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where functions begin, as the symbols of files tell.
 *
 * Shape: a file without symbols, or with too many, has none.
 * Bounds: MAX_STARTS_BYTES of symbols of a file, MAX_STARTS of all files.
 * Owner: starts_free(); files must live as long.
 */
#pragma once

#include "elf/elf_file.h"

struct starts;

struct starts *starts_new(void);
void starts_free(struct starts *s);
/* Does a function begin there, and no other one reach beyond it? */
bool starts_has(struct starts *s, const struct elf_file *elf, uint64_t address);
/* Do both lie in one function? False, too, where that is not known. */
bool starts_in_one(struct starts *s, const struct elf_file *elf, uint64_t a, uint64_t b);
