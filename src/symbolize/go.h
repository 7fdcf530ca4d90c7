/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names, files, lines and inlined functions of Go programs (1.16 on), from .gopclntab alone.
 *
 * Owner: go_free(); texts live as long as the table's bytes.
 * Source: go/src/runtime/symtab.go, runtime2.go (_func, inlinedCall), symtabinl.go.
 */
#pragma once

#include "elf/gopclntab.h"
#include "symbolize/names.h"

struct go;

/* NULL: no Go program. The file must outlive it. */
struct go *go_new(const struct elf_file *f);
/* The same over bytes, for tests: `data` (or NULL) stands for the program's memory at `address`. */
struct go *go_over(const struct gopclntab *t, const uint8_t *data, size_t n, uint64_t address);
void go_free(struct go *go);
/* The levels of an address, innermost first, at most MAX_PLACES; 0: no Go function. */
size_t go_find(const struct go *go, uint64_t address, struct place *ret);
