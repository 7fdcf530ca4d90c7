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

#include "unwind/rows.h"

/* `text` is where the Go code begins, for tables that do not say it (position-independent programs
 * have it relocated). Returns false when the bytes are no such table. */
bool pclntab_compile(const uint8_t *bytes, size_t n, uint64_t text, struct rows *rows);
