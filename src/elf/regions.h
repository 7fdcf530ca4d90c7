/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code of a file in no function that a table knows (hand-written assembly without symbols), parted
 * into what look like functions.
 *
 * Shape: read where an address is asked for, a piece at a time; a piece begins a region.
 * Bounds: MAX_REGION_BYTES of code of a file, in MAX_REGION_PIECES, and 64 MiB of all that are
 *         open; as much of what was found. Beyond, there are none.
 * Owner: regions_free(); the file stays the caller's.
 * Threads: one a struct; different ones at once.
 */
#pragma once

#include "elf/elf_file.h"

enum { MAX_REGION_BYTES = 16 << 20, MAX_REGION_PIECES = 4096 };

struct regions;

struct regions *regions_new(const struct elf_file *elf);
void regions_free(struct regions *r);
/* The region that holds the address. False: it is no code, or there was too much. */
bool regions_find(struct regions *r, uint64_t address, uint64_t *ret_start, uint64_t *ret_end);
