/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring of a perf event, as it is mapped.
 *
 * Shape: records of up to 64 KiB, made whole when they wrap around the ring's end.
 * Owner: perf_ring_close(), also of one that was never opened (all zero).
 * Source: perf_event_open(2), "MMAP layout".
 */
#pragma once

#include <linux/perf_event.h>
#include <stddef.h>
#include <stdint.h>

struct perf_ring {
	int fd;
	struct perf_event_mmap_page *page; /* NULL: not open */
	size_t data_bytes;
	char *wrapped; /* room for a record, made when one wraps */
};

typedef void perf_visit(void *ctx, const void *record, size_t size);

/* Maps the ring of `fd`, which it takes over; `pages` is a power of two. 0 or a negative errno. */
int perf_ring_open(struct perf_ring *r, int fd, size_t pages);
/* Calls `visit` for every record that has arrived, header first. */
void perf_ring_read(struct perf_ring *r, perf_visit *visit, void *ctx);
void perf_ring_close(struct perf_ring *r);
