/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unwind tables as blobs: built from rows, checked when they come from disk, searched.
 *
 * Shape: bpf/abi/unwind_table.h.
 * Owner: table_build()'s blob is the caller's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/unwind_table.h"
#include "unwind/rows.h"

/* The blob of sorted rows; NULL when there is not one row. */
struct table_head *table_build(const struct rows *rows);

/* May the blob of `bytes` be searched without reading outside of it? */
bool table_check(const void *blob, size_t bytes);

/* The rule at an address of the file, 0: none. `store` is what the offset `table` counts from. */
uint64_t table_rule(const void *store, uint32_t table, uint64_t address);
