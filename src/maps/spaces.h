/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address spaces: which image lies where in each process.
 *
 * Shape: per process, executable mappings sorted by address, never overlapping. The kernel reports
 *        no munmap, so a new mapping replaces what it overlaps.
 * Owner: spaces_release(); images belong to `struct images`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/map.h"
#include "maps/images.h"

struct space_map {
	uint64_t start, end;
	uint64_t offset; /* in the image */
	struct image *image;
};

/* Code that was mapped over other code. */
struct space_change {
	uint32_t version; /* from which on */
	uint64_t start, end;
};

enum { SPACE_CHANGES = 16 };

struct space {
	pid_t pid;
	uint32_t version;                           /* another number after every change */
	struct space_change changes[SPACE_CHANGES]; /* the last ones, a ring */
	uint32_t n_changes;
	bool scanned;       /* /proc was read, or it was born while we watched */
	uint64_t looked_ns; /* when /proc was read for mappings that no record told of */
	bool has_jitdump;   /* maybe */
	struct space_map *maps;
	size_t n, cap;
};

struct spaces {
	struct map64 by_pid; /* pid -> struct space * */
};

void spaces_release(struct spaces *spaces);
struct space *spaces_find(const struct spaces *spaces, pid_t pid);
/* The space of a process; made empty when it is not known. */
struct space *spaces_get(struct spaces *spaces, pid_t pid);
/* A new process with a copy of its parent's mappings. */
struct space *spaces_fork(struct spaces *spaces, pid_t parent, pid_t child);
void spaces_remove(struct spaces *spaces, pid_t pid);

void space_clear(struct space *space);
/* Replaces the mappings by those of `from`, which is left empty. */
void space_take(struct space *space, struct space *from);
/* Adds a mapping. Returns true when it replaced other code. */
bool space_add(struct space *space, const struct space_map *map);
/* The same, for what the kernel says of a mapping; what lies in the kernel's half is left out. */
struct space_source {
	uint64_t start, end, offset;
	const char *path;
	struct file_id file;
};
bool space_add_source(struct space *space, struct images *images,
		      const struct space_source *source);
/* Adds what /proc has of the process. Returns 0 or a negative errno. */
int space_scan(struct space *space, struct images *images);
/* The same where nothing is known: what is known may be of another moment than /proc. */
int space_scan_gaps(struct space *space, struct images *images);
/* Was code at the address mapped over since `version`? */
bool space_changed_since(const struct space *space, uint32_t version, uint64_t address);
/* The mapping of a jitdump file, or NULL. */
const struct space_map *space_jitdump(const struct space *space);
/* The mapping that holds the address, or NULL. */
const struct space_map *space_find(const struct space *space, uint64_t address);
