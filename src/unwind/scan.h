/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unwind rules of code about which its file says nothing (hand-written assembly, programs that were
 * built without tables), made by reading the code itself.
 *
 * Shape: what no row covers is followed (unwind/flow.h), and an instruction that is reached with
 * two states gets what they agree in. Rows are marked RA_SCANNED: code may lie where nothing says
 *        so, and whoever uses them checks.
 * Bounds: MAX_SCAN_BYTES of code in a file; a file with more of it was built so throughout.
 * Threads: any, with an elf_file of its own.
 */
#pragma once

#include "elf/elf_file.h"
#include "unwind/rows.h"

/* Adds rows of what the sorted `rows` do not cover; `debug`, whose symbols tell where functions
 * begin too, may be NULL. */
void scan_compile(struct elf_file *elf, struct elf_file *debug, struct rows *rows);
