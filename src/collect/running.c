/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where threads are that run at this moment. */
#include "collect/running.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "collect/perf.h"
#include "collect/perf_ring.h"
#include "collect/perf_sample.h"

#include <poll.h>
#include <stdbool.h>
#include <sys/ioctl.h>

#define TICK_NS 500000 /* of a thread's CPU time */
#define WAIT_NS 12000000ull

/* The largest stack that a record has room for, and a ring for two of them. */
enum { STACK_BYTES = 65528 & ~4095, RING_PAGES = 32 };

struct ring_of {
	struct perf_ring ring;
	struct running_tick *tick;
};

static int open_tick(pid_t tid)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.sample_period = TICK_NS,
		.wakeup_events = 1,
	};

	perf_sample_attr(&attr, STACK_BYTES, true);
	return perf_open(&attr, tid, -1);
}

static void running_on_record(void *ctx, const void *record, size_t size)
{
	struct running_tick *t = ((struct ring_of *)ctx)->tick;
	const struct perf_event_header *head = record;
	struct perf_sample s;

	if (t->capture || head->type != PERF_RECORD_SAMPLE ||
	    !perf_sample_parse(record, size, t->kernel, &s))
		return;
	t->n_kernel = s.n_kernel;
	t->capture = s.capture;
	if (t->capture && s.in_kernel)
		t->capture->is_return = is_after_syscall((pid_t)s.pid, t->capture->registers[16]);
}

static bool all_seen(const struct running_tick *ticks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!ticks[i].capture)
			return false;
	return true;
}

struct running_tick *running_ticks(const pid_t *tids, size_t n)
{
	struct running_tick *ticks = mem_array(n, sizeof(*ticks));
	struct ring_of *rings = mem_array(n, sizeof(*rings));
	struct pollfd *fds = mem_array(n, sizeof(*fds));
	uint64_t end = monotonic_ns() + WAIT_NS;

	for (size_t i = 0; i < n; i++) {
		int fd = open_tick(tids[i]);

		ticks[i].tid = tids[i];
		rings[i].tick = &ticks[i];
		fds[i] = (struct pollfd){.fd = -1, .events = POLLIN};
		if (fd < 0 || perf_ring_open(&rings[i].ring, fd, RING_PAGES)) {
			log_debug("thread %d cannot be sampled", tids[i]);
			continue;
		}
		fds[i].fd = fd;
	}
	while (!all_seen(ticks, n) && monotonic_ns() < end) {
		poll(fds, n, 1);
		for (size_t i = 0; i < n; i++)
			perf_ring_read(&rings[i].ring, running_on_record, &rings[i]);
	}
	for (size_t i = 0; i < n; i++)
		perf_ring_close(&rings[i].ring);
	free(rings);
	free(fds);
	return ticks;
}

void running_ticks_free(struct running_tick *ticks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(ticks[i].capture);
	free(ticks);
}
