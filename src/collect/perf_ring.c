/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring of a perf event. */
#include "collect/perf_ring.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

int perf_ring_open(struct perf_ring *r, int fd, size_t pages)
{
	size_t bytes = pages * page_bytes();
	void *page = mmap(NULL, page_bytes() + bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	int code = -errno;

	*r = (struct perf_ring){0};
	if (page == MAP_FAILED) {
		close(fd);
		return code;
	}
	*r = (struct perf_ring){.fd = fd, .page = page, .data_bytes = bytes};
	return 0;
}

void perf_ring_close(struct perf_ring *r)
{
	if (!r->page)
		return;
	munmap(r->page, page_bytes() + r->data_bytes);
	close(r->fd);
	free(r->wrapped);
	*r = (struct perf_ring){0};
}

/* The record at `tail`, made whole when it wraps around the end of the ring. */
static const void *record_at(struct perf_ring *r, const char *data, uint64_t tail, size_t size)
{
	size_t at = tail % r->data_bytes, first = r->data_bytes - at;

	if (size <= first)
		return data + at;
	if (!r->wrapped)
		r->wrapped = mem_alloc(UINT16_MAX + 1);
	memcpy(r->wrapped, data + at, first);
	memcpy(r->wrapped + first, data, size - first);
	return r->wrapped;
}

void perf_ring_read(struct perf_ring *r, perf_visit *visit, void *ctx)
{
	const char *data = (const char *)r->page + page_bytes();
	uint64_t head, tail;

	if (!r->page)
		return;
	head = __atomic_load_n(&r->page->data_head, __ATOMIC_ACQUIRE);
	tail = r->page->data_tail;
	while (tail < head) {
		struct perf_event_header h;

		memcpy(&h, data + tail % r->data_bytes, sizeof(h));
		if (h.size < sizeof(h) || h.size > head - tail)
			break;
		visit(ctx, record_at(r, data, tail, h.size), h.size);
		tail += h.size;
	}
	__atomic_store_n(&r->page->data_tail, head, __ATOMIC_RELEASE);
}
