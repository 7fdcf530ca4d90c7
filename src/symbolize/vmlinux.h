/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running kernel's own file with debug information, where one is installed: lines of its code,
 * and what is inlined there.
 *
 * Owner: vmlinux_free(). Only a file with the kernel's build id is taken.
 */
#pragma once

#include "base/cache.h"
#include "elf/elf_file.h"
#include "symbolize/names.h"

struct vmlinux;

/* NULL: there is none, or the kernel hides where it lies. */
struct vmlinux *vmlinux_new(struct cache *cache);
/* The same with a given file, build id, and address of its symbol _text. */
struct vmlinux *vmlinux_open(const char *path, const struct build_id *id, uint64_t text,
			     struct cache *cache);
void vmlinux_free(struct vmlinux *v);
/* Reads what the addresses (of the running kernel, sorted) need. */
void vmlinux_prepare(struct vmlinux *v, const uint64_t *addresses, size_t n);
/* The levels of an address, innermost first, at most MAX_PLACES; 0: unknown. */
size_t vmlinux_find(struct vmlinux *v, uint64_t address, struct place *ret);
