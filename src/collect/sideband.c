/* SPDX-License-Identifier: GPL-2.0-or-later */
/* perf's own records of who is mapped where. */
#include "collect/sideband.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "collect/perf.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

enum { RING_PAGES = 64 };

struct side_ring {
	int cpu, fd;
	struct perf_event_mmap_page *page;
};

struct sideband {
	struct side_ring *rings;
	size_t n, cap;
	bool no_build_ids; /* the kernel is older than 5.12 */
	size_t page_bytes, data_bytes;
	uint64_t wrapped[SIDE_MAX_BYTES / 8];
	uint64_t parsed[SIDE_MAX_BYTES / 8 + 64];
};

struct sideband *sideband_new(void)
{
	struct sideband *s = mem_alloc(sizeof(*s));

	s->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	s->data_bytes = RING_PAGES * s->page_bytes;
	return s;
}

void sideband_free(struct sideband *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++) {
		munmap(s->rings[i].page, s->page_bytes + s->data_bytes);
		close(s->rings[i].fd);
	}
	free(s->rings);
	free(s);
}

static int open_dummy(struct sideband *s, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.size = sizeof(attr),
		.sample_type = PERF_SAMPLE_TIME,
		.mmap = 1,
		.mmap2 = 1,
		.comm = 1,
		.comm_exec = 1,
		.task = 1,
		.ksymbol = 1,
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.watermark = 1,
		.wakeup_watermark = (uint32_t)s->data_bytes / 4,
	};
	int fd;

	attr.build_id = !s->no_build_ids;
	fd = perf_open(&attr, -1, cpu);
	if ((fd == -EINVAL || fd == -E2BIG) && !s->no_build_ids) {
		s->no_build_ids = true;
		attr.build_id = 0;
		fd = perf_open(&attr, -1, cpu);
	}
	return fd;
}

int sideband_add_cpu(struct sideband *s, int cpu, struct err *err)
{
	struct side_ring ring = {.cpu = cpu};

	for (size_t i = 0; i < s->n; i++)
		if (s->rings[i].cpu == cpu)
			return 0;
	ring.fd = open_dummy(s, cpu);
	if (ring.fd < 0)
		return err_set(err, ring.fd, "cannot follow processes on CPU %d", cpu);
	ring.page = mmap(NULL, s->page_bytes + s->data_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
			 ring.fd, 0);
	if (ring.page == MAP_FAILED) {
		err_set(err, -errno, "cannot map perf's ring of CPU %d", cpu);
		close(ring.fd);
		return err_cure(err, "raise it: sysctl kernel.perf_event_mlock_kb=%zu",
				2 * (s->page_bytes + s->data_bytes) / 1024);
	}
	array_reserve(s->rings, s->cap, s->n + 1);
	s->rings[s->n++] = ring;
	return 0;
}

void sideband_remove_cpu(struct sideband *s, int cpu)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->rings[i].cpu != cpu)
			continue;
		munmap(s->rings[i].page, s->page_bytes + s->data_bytes);
		close(s->rings[i].fd);
		s->rings[i] = s->rings[--s->n];
		return;
	}
}

void sideband_join(struct sideband *s, int cpu, int event_fd)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->rings[i].cpu == cpu)
			ioctl(event_fd, PERF_EVENT_IOC_SET_OUTPUT, s->rings[i].fd);
}

void sideband_poll(const struct sideband *s, int epoll_fd)
{
	for (size_t i = 0; i < s->n; i++) {
		struct epoll_event e = {.events = EPOLLIN};

		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, s->rings[i].fd, &e);
	}
}

/* The text at the end of a record. Returns the bytes of the whole, 0 when it does not end. */
static size_t parse_text(struct cursor *c, struct side_record *ret)
{
	struct text t = take_text(c);

	if (c->bad)
		return 0;
	memcpy(ret->path, t.at, t.n + 1);
	return sizeof(*ret) + t.n + 1;
}

static size_t parse_map(struct cursor *c, bool has_build_id, struct side_record *ret)
{
	ret->pid = (pid_t)take_n(c, 4);
	ret->tid = (pid_t)take_n(c, 4);
	ret->start = take_n(c, 8);
	ret->len = take_n(c, 8);
	ret->offset = take_n(c, 8);
	if (has_build_id) {
		uint8_t n = (uint8_t)take_n(c, 1);

		take_n(c, 3);
		take_bytes(c, ret->build_id.bytes, MAX_BUILD_ID);
		if (n > MAX_BUILD_ID)
			return 0;
		ret->build_id.len = n;
	} else {
		uint32_t major = (uint32_t)take_n(c, 4), minor = (uint32_t)take_n(c, 4);

		ret->file.device = (uint64_t)major << 32 | minor;
		ret->file.inode = take_n(c, 8);
		ret->file.generation = take_n(c, 8);
	}
	take_n(c, 8); /* protection and flags: only executable mappings are reported */
	if (c->bad || ret->start + ret->len < ret->start)
		return 0;
	return parse_text(c, ret);
}

static size_t parse_ksymbol(struct cursor *c, struct side_record *ret)
{
	ret->start = take_u64(c);
	ret->len = take_u32(c);
	take_u32(c); /* type and flags */
	return parse_text(c, ret);
}

size_t side_parse(const void *record, size_t size, int cpu, struct side_record *ret)
{
	struct perf_event_header head;
	struct cursor c;
	size_t bytes = sizeof(*ret) + 1;

	if (size < sizeof(head) + 8)
		return 0;
	memcpy(&head, record, sizeof(head));
	/* The record's time is its last word (sample_id_all). */
	c = cursor_at(record, size - 8, sizeof(head));
	memset(ret, 0, sizeof(*ret) + 1);
	memcpy(&ret->time_ns, (const char *)record + size - 8, 8);
	ret->cpu = cpu;
	switch (head.type) {
	case PERF_RECORD_MMAP2:
		ret->type = SIDE_MAP;
		bytes = parse_map(&c, head.misc & PERF_RECORD_MISC_MMAP_BUILD_ID, ret);
		break;
	case PERF_RECORD_COMM:
		if (!(head.misc & PERF_RECORD_MISC_COMM_EXEC))
			return 0;
		ret->type = SIDE_EXEC;
		ret->pid = (pid_t)take_n(&c, 4);
		break;
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		ret->type = head.type == PERF_RECORD_FORK ? SIDE_FORK : SIDE_EXIT;
		ret->pid = (pid_t)take_n(&c, 4);
		ret->parent = (pid_t)take_n(&c, 4);
		ret->tid = (pid_t)take_n(&c, 4);
		break;
	case PERF_RECORD_KSYMBOL:
		ret->type = SIDE_KSYMBOL;
		bytes = parse_ksymbol(&c, ret);
		break;
	case PERF_RECORD_LOST:
		ret->type = SIDE_LOST;
		take_n(&c, 8);
		ret->lost = take_n(&c, 8);
		break;
	case PERF_RECORD_THROTTLE:
	case PERF_RECORD_UNTHROTTLE:
		ret->type = head.type == PERF_RECORD_THROTTLE ? SIDE_THROTTLE : SIDE_UNTHROTTLE;
		ret->time_ns = take_n(&c, 8);
		break;
	default:
		return 0;
	}
	return c.bad ? 0 : bytes;
}

/* The record at `tail`, made whole when it wraps around the end of the ring. */
static const void *record_at(struct sideband *s, const char *data, uint64_t tail, size_t size)
{
	size_t at = tail % s->data_bytes, first = s->data_bytes - at;

	if (size <= first)
		return data + at;
	memcpy(s->wrapped, data + at, first);
	memcpy((char *)s->wrapped + first, data, size - first);
	return s->wrapped;
}

static void ring_read(struct sideband *s, struct side_ring *ring, side_visit *visit, void *ctx)
{
	const char *data = (const char *)ring->page + s->page_bytes;
	uint64_t head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = ring->page->data_tail;

	while (tail < head) {
		struct perf_event_header h;
		struct side_record *out = (void *)s->parsed;
		size_t bytes;

		memcpy(&h, data + tail % s->data_bytes, sizeof(h));
		if (h.size < sizeof(h) || h.size > head - tail)
			break;
		if (h.size <= SIDE_MAX_BYTES) {
			bytes = side_parse(record_at(s, data, tail, h.size), h.size, ring->cpu,
					   out);
			if (bytes)
				visit(ctx, out, bytes);
		}
		tail += h.size;
	}
	__atomic_store_n(&ring->page->data_tail, head, __ATOMIC_RELEASE);
}

void sideband_read(struct sideband *s, side_visit *visit, void *ctx)
{
	for (size_t i = 0; i < s->n; i++)
		ring_read(s, &s->rings[i], visit, ctx);
}
