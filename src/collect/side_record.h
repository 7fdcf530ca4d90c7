/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One of perf's records of who is mapped where: mmap2, comm, fork, exit, and what was lost.
 *
 * Units: times are CLOCK_MONOTONIC nanoseconds.
 * Source: perf_event_open(2), "MMAP layout"; the bytes come from the kernel, the paths in them
 *         from anyone.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "maps/images.h"

enum side_type {
	SIDE_MAP,
	SIDE_EXEC,
	SIDE_FORK,
	SIDE_EXIT,
	SIDE_LOST,
	SIDE_THROTTLE,
	SIDE_UNTHROTTLE,
	SIDE_KSYMBOL /* code of the kernel that came or goes: a BPF program, a trampoline */
};

struct side_record {
	enum side_type type;
	uint64_t time_ns;
	pid_t pid, tid;
	pid_t parent;                /* FORK */
	uint64_t start, len, offset; /* MAP, KSYMBOL */
	struct file_id file;         /* MAP */
	uint64_t lost;               /* LOST: records */
	int cpu;
	char path[]; /* MAP; of a KSYMBOL its name */
};

typedef void side_visit(void *ctx, const struct side_record *record, size_t bytes);

/* One record (header and body, `size` bytes) as it lies in a ring, converted into `ret`, which has
 * room for any. Returns its bytes, 0 when it is none that matters or damaged. */
size_t side_parse(const void *record, size_t size, int cpu, struct side_record *ret);
enum { SIDE_MAX_BYTES = 8192 };
