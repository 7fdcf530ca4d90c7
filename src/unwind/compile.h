/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compiles the unwind table of a file from whatever it has: .eh_frame, .debug_frame (also of a
 * separate debug file), Go's .gopclntab, linkage tables, functions that start threads.
 *
 * Owner: the blob is the caller's.
 * Threads: any, with an elf_file of its own.
 */
#pragma once

#include "elf/elf_file.h"
#include "unwind/table.h"

/* `debug` may be NULL. Returns NULL when nothing tells how to unwind the file's code. */
struct table_head *compile_table(struct elf_file *elf, struct elf_file *debug);
