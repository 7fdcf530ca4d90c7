/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source: perf's own records of who is mapped where. */
#include "collect/sideband.h"

#include "base/mem.h"
#include "collect/perf.h"
#include "collect/perf_ring.h"
#include "collect/source.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <time.h>

enum { RING_PAGES = 64 };

struct side_ring {
	int cpu;
	struct perf_ring ring;
};

struct sideband {
	struct side_ring *rings;
	size_t n, cap;
	uint64_t parsed[SIDE_MAX_BYTES / 8 + 64];
};

static void *sideband_make(struct source_env *env)
{
	return env->sideband = mem_alloc(sizeof(struct sideband));
}

static void sideband_free(void *sideband)
{
	struct sideband *s = sideband;

	for (size_t i = 0; i < s->n; i++)
		perf_ring_close(&s->rings[i].ring);
	free(s->rings);
	free(s);
}

/* Without build ids: while anybody asks for them, kernels (seen on 6.18) mark the MMAP2 records of
 * every other profiler as having one too, which perf's own tools do not survive
 * (tests/root/neighbours.sh). */
static int open_dummy(int cpu)
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
		.wakeup_watermark = (uint32_t)(RING_PAGES * sysconf(_SC_PAGESIZE) / 4),
	};

	return perf_open(&attr, -1, cpu);
}

/* Of all CPUs, whichever are sampled: a program maps its code on any. */
static int sideband_add_cpu(void *sideband, int cpu, struct err *err)
{
	struct sideband *s = sideband;
	struct side_ring ring = {.cpu = cpu};
	int fd, code;

	for (size_t i = 0; i < s->n; i++)
		if (s->rings[i].cpu == cpu)
			return 0;
	fd = open_dummy(cpu);
	if (fd < 0)
		return err_set(err, fd, "cannot follow processes on CPU %d", cpu);
	code = perf_ring_open(&ring.ring, fd, RING_PAGES);
	if (code) {
		err_set(err, code, "cannot map perf's ring of CPU %d", cpu);
		return err_cure(err, "raise it: sysctl kernel.perf_event_mlock_kb=%ld",
				2 * (RING_PAGES + 1) * sysconf(_SC_PAGESIZE) / 1024);
	}
	array_reserve(s->rings, s->cap, s->n + 1);
	s->rings[s->n++] = ring;
	return 0;
}

/* Of a CPU that went offline the kernel has let go. */
static void sideband_remove_cpu(void *sideband, int cpu)
{
	struct sideband *s = sideband;

	for (size_t i = 0; i < s->n; i++) {
		if (s->rings[i].cpu != cpu)
			continue;
		perf_ring_close(&s->rings[i].ring);
		s->rings[i] = s->rings[--s->n];
		return;
	}
}

void sideband_join(struct sideband *s, int cpu, int event_fd)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->rings[i].cpu == cpu)
			ioctl(event_fd, PERF_EVENT_IOC_SET_OUTPUT, s->rings[i].ring.fd);
}

static int sideband_poll(const void *sideband, int epoll_fd)
{
	const struct sideband *s = sideband;

	for (size_t i = 0; i < s->n; i++) {
		struct epoll_event e = {.events = EPOLLIN};

		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, s->rings[i].ring.fd, &e);
	}
	return 0;
}

struct reading {
	struct sideband *sideband;
	int cpu;
	const struct source_visit *visit;
};

static void sideband_on_record(void *ctx, const void *record, size_t size)
{
	struct reading *r = ctx;
	struct side_record *out = (void *)r->sideband->parsed;
	size_t bytes = size <= SIDE_MAX_BYTES ? side_parse(record, size, r->cpu, out) : 0;

	if (bytes)
		r->visit->side(r->visit->ctx, out, bytes);
}

static void sideband_read(void *sideband, const struct source_visit *visit)
{
	struct sideband *s = sideband;

	for (size_t i = 0; i < s->n; i++) {
		struct reading r = {s, s->rings[i].cpu, visit};

		perf_ring_read(&s->rings[i].ring, sideband_on_record, &r);
	}
}

const struct source_type source_sideband = {
	.make = sideband_make,
	.free = sideband_free,
	.add_cpu = sideband_add_cpu,
	.remove_cpu = sideband_remove_cpu,
	.poll = sideband_poll,
	.read = sideband_read,
};
