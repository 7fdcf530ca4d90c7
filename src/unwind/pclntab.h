/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Go's .gopclntab into unwind rules: the distance of the stack pointer from the frame's end, for
 * every instruction of every Go function, stripped or not.
 *
 * Shape: Go 1.2 to 1.26. The bytes are hostile: what makes no sense is left out.
 * Source: Go's src/runtime/symtab.go, src/cmd/internal/objabi/funcid.go, "Go 1.2 Runtime Symbol
 *         Information".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/gopclntab.h"
#include "unwind/rows.h"

/* Adds the rules of all functions. */
void pclntab_compile(const struct gopclntab *t, struct rows *rows);
