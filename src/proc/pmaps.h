/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/PID/maps: the executable mappings of a process.
 *
 * Source: proc(5); fs/proc/task_mmu.c. The paths in it are chosen by the traced process: hostile.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct pmap {
	uint64_t start, end;
	uint64_t offset; /* in the file */
	uint32_t major, minor;
	uint64_t inode;
	bool executable;
	const char *path; /* unescaped, "" for anonymous memory; valid until all were visited */
};

typedef void pmap_visit(void *ctx, const struct pmap *map);

/* Parses `text` (modified), calling `visit` for every well-formed line. */
void pmaps_parse(char *text, pmap_visit *visit, void *ctx);
/* The same for a process. Returns 0 or a negative errno (-ENOENT, -ESRCH: it is gone). */
int pmaps_read(pid_t pid, pmap_visit *visit, void *ctx);
