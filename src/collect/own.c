/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sampling by perf alone. */
#include "collect/own.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "collect/perf.h"
#include "collect/perf_ring.h"
#include "collect/perf_sample.h"
#include "collect/stacks.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

enum {
	STACK_BYTES = 32768,      /* of a sample */
	FAST_STACK_BYTES = 16384, /* where many samples come, for the ring's sake */
	FAST_HZ = 200,
	RING_PAGES = 128,   /* with the head's page what perf_event_mlock_kb allows by default */
	TRAILER_BYTES = 32, /* of a record that is no sample: pid, tid; time; id; cpu */
};

/* How long a thread is believed to have the name it had. */
#define NAME_NS 100000000ull

struct ring {
	int cpu;
	struct perf_ring ring;
	size_t owner; /* index of the event it is mapped on */
};

struct opened {
	int fd, cpu;
	bool at_exec; /* the kernel enables it */
};

struct names {
	uint64_t read_ns;
	char process[16], thread[16];
};

struct own_count {
	uint64_t time_ns;
	struct count_key key;
	struct count_value value;
};

struct own {
	struct own_options o;
	bool with_kernel;
	struct opened *opened;
	size_t n, cap;
	struct ring *rings;
	size_t n_rings, cap_rings;
	struct map64 names; /* tid -> struct names */
	uint64_t lost;
	uint64_t captures; /* so far */
	struct own_count *counts;
	size_t n_counts, cap_counts;
	struct map64 events; /* id of an event, as perf numbers it -> our index */
	/* While reading. */
	stack_visit *visit;
	side_visit *side;
	void *ctx;
	int cpu;
	uint64_t kernel[MAX_KERNEL_FRAMES];
	uint64_t parsed[SIDE_MAX_BYTES / 8 + 64];
};

struct own *own_new(const struct own_options *o)
{
	struct own *own = mem_alloc(sizeof(*own));

	own->o = *o;
	own->with_kernel = !o->no_kernel;
	return own;
}

void own_free(struct own *own)
{
	uint64_t tid, names;

	if (!own)
		return;
	for (size_t i = 0; i < own->n; i++) {
		bool mapped = false;

		for (size_t j = 0; j < own->n_rings; j++)
			mapped |= own->rings[j].owner == i;
		if (!mapped)
			close(own->opened[i].fd);
	}
	for (size_t i = 0; i < own->n_rings; i++)
		perf_ring_close(&own->rings[i].ring);
	for (size_t cursor = 0; map64_next(&own->names, &cursor, &tid, &names);)
		free((void *)(uintptr_t)names);
	map64_release(&own->names);
	map64_release(&own->events);
	free(own->rings);
	free(own->opened);
	free(own->counts);
	free(own);
}

unsigned own_stack_bytes(uint64_t frequency_hz)
{
	return !frequency_hz || frequency_hz >= FAST_HZ ? FAST_STACK_BYTES : STACK_BYTES;
}

/* -- opening -- */

static int open_event(const struct own *own, const struct event *e, pid_t tid, int cpu,
		      bool at_exec)
{
	struct perf_event_attr attr = {
		.type = e->type,
		.config = e->config,
		.disabled = 1,
		.inherit = 1,
		.mmap = 1,
		.mmap2 = 1,
		.comm = 1,
		.comm_exec = 1,
		.task = 1,
		.watermark = 1,
		.wakeup_watermark = 2 * STACK_BYTES,
	};

	perf_sample_attr(&attr, own_stack_bytes(own->o.frequency_hz),
			 own->with_kernel && !e->exclude_kernel);
	attr.exclude_user = e->exclude_user;
	attr.enable_on_exec = at_exec;
	perf_set_rate(&attr, own->o.frequency_hz, own->o.period);
	return perf_open(&attr, tid, cpu);
}

/* Opens an event; the first one with less where the kernel does not have or allow all. */
static int open_somehow(struct own *own, struct event *e, pid_t tid, int cpu, bool at_exec)
{
	for (;;) {
		int fd = open_event(own, e, tid, cpu, at_exec);

		if (perf_is_missing(fd) && e->is_cpu && e->value == EVENT_CYCLES && !own->n)
			event_use_clock(e);
		else if ((fd == -EACCES || fd == -EPERM) && own->with_kernel && !own->n)
			own->with_kernel = false;
		else
			return fd;
	}
}

static struct ring *ring_of(struct own *own, int cpu)
{
	for (size_t i = 0; i < own->n_rings; i++)
		if (own->rings[i].cpu == cpu)
			return &own->rings[i];
	return NULL;
}

/* The first event of a CPU has the ring; the others write to it. */
static int join_ring(struct own *own, int fd, int cpu, struct err *err)
{
	struct ring *ring = ring_of(own, cpu), fresh = {.cpu = cpu, .owner = own->n};
	int code;

	if (ring)
		return ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, ring->ring.fd) < 0
			       ? err_set(err, -errno, "cannot share perf's ring of CPU %d", cpu)
			       : 0;
	code = perf_ring_open(&fresh.ring, fd, RING_PAGES);
	if (code) {
		err_set(err, code, "cannot map perf's ring of CPU %d", cpu);
		return err_cure(err, "another profiler of yours may use the memory that "
				     "kernel.perf_event_mlock_kb allows");
	}
	array_reserve(own->rings, own->cap_rings, own->n_rings + 1);
	own->rings[own->n_rings++] = fresh;
	return 0;
}

static int open_error(const struct event *e, pid_t tid, int code, struct err *err)
{
	err_set(err, code, "cannot sample '%s' of process %d by perf", e->name, tid);
	if ((code == -EACCES || code == -EPERM) && !geteuid())
		return err_cure(err, "a seccomp filter or lockdown forbids perf_event_open()");
	if (code == -EACCES || code == -EPERM)
		return err_cure(err,
				"it is not yours, or kernel.perf_event_paranoid is above 2: run "
				"cprof as root, or sudo sysctl kernel.perf_event_paranoid=2");
	if (code == -EMFILE)
		return err_cure(err, "it takes a descriptor for each thread and CPU: raise 'ulimit "
				     "-n', or run cprof as root");
	if (perf_is_missing(code))
		return err_cure(err, "this machine has no such counter; -e cpu works everywhere");
	return code;
}

static int add_task(struct own *own, pid_t tid, bool at_exec, struct err *err)
{
	for (size_t c = 0; c < own->o.cpus->n; c++) {
		for (size_t i = 0; i < own->o.n_events; i++) {
			int cpu = own->o.cpus->cpus[c];
			int fd = open_somehow(own, &own->o.events[i], tid, cpu, at_exec);
			uint64_t id = 0;

			if (fd == -ESRCH)
				return 0; /* it has ended */
			if (fd < 0)
				return open_error(&own->o.events[i], tid, fd, err);
			ioctl(fd, PERF_EVENT_IOC_ID, &id);
			map64_set(&own->events, id, i);
			if (join_ring(own, fd, cpu, err))
				return err->code;
			array_reserve(own->opened, own->cap, own->n + 1);
			own->opened[own->n++] = (struct opened){fd, cpu, at_exec};
		}
	}
	return 0;
}

int own_add_thread(struct own *own, pid_t tid, struct err *err)
{
	return add_task(own, tid, false, err);
}

int own_add_command(struct own *own, pid_t pid, struct err *err)
{
	return add_task(own, pid, true, err);
}

/* Threads that begin between the listing and the opening of who starts them are missed, as by perf.
 */
int own_add_process(struct own *own, pid_t pid, struct err *err)
{
	char path[64];
	DIR *tasks;
	uint64_t tid;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	for (struct dirent *e; tasks && (e = readdir(tasks));)
		if (parse_u64(e->d_name, INT32_MAX, &tid) &&
		    add_task(own, (pid_t)tid, false, err)) {
			closedir(tasks);
			return err->code;
		}
	if (tasks)
		closedir(tasks);
	return 0;
}

void own_start(struct own *own)
{
	for (size_t i = 0; i < own->n; i++)
		if (!own->opened[i].at_exec)
			ioctl(own->opened[i].fd, PERF_EVENT_IOC_ENABLE, 0);
}

void own_stop(struct own *own)
{
	for (size_t i = 0; i < own->n; i++)
		ioctl(own->opened[i].fd, PERF_EVENT_IOC_DISABLE, 0);
}

void own_poll(const struct own *own, int epoll_fd)
{
	for (size_t i = 0; i < own->n_rings; i++) {
		/* By edges: an event whose task has ended is readable for ever. */
		struct epoll_event e = {.events = EPOLLIN | EPOLLET};

		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, own->rings[i].ring.fd, &e);
	}
}

bool own_alive(const struct own *own)
{
	for (size_t i = 0; i < own->n; i++) {
		struct pollfd fd = {.fd = own->opened[i].fd, .events = POLLIN};

		if (poll(&fd, 1, 0) <= 0 || !(fd.revents & POLLHUP))
			return true;
	}
	return false;
}

bool own_has_kernel(const struct own *own)
{
	return own->with_kernel;
}

uint64_t own_lost(const struct own *own)
{
	return own->lost;
}

/* -- reading -- */

static void read_comm(char name[16], pid_t pid, pid_t tid)
{
	struct str text auto_release(str_release) = {0};
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", pid, tid);
	if (file_read(path, 64, &text) || !text.len)
		return;
	memset(name, 0, 16);
	memcpy(name, text.text, MIN(text.len - 1, (size_t)15));
}

/* Who a sample is of. A name that cannot be read any more is what it was. */
static const struct names *names_of(struct own *own, pid_t pid, pid_t tid)
{
	uint64_t at = 0, now = monotonic_ns();
	struct names *n;

	if (!map64_find(&own->names, (uint64_t)tid, &at)) {
		at = (uint64_t)(uintptr_t)mem_alloc(sizeof(struct names));
		map64_set(&own->names, (uint64_t)tid, at);
	}
	n = (void *)(uintptr_t)at;
	if (n->read_ns && now - n->read_ns < NAME_NS)
		return n;
	n->read_ns = now;
	read_comm(n->process, pid, pid);
	read_comm(n->thread, pid, tid);
	return n;
}

/* The kernel's part goes first, under an id of its own. */
static uint64_t send_kernel(struct own *own, const struct perf_sample *s)
{
	struct kernel_stack_record r;
	size_t bytes = kernel_stack_make(&r, s->kernel, s->n_kernel);

	if (!bytes)
		return STACK_NONE;
	r.head.time_ns = s->time_ns;
	own->visit(own->ctx, &r, bytes);
	return r.head.id;
}

static void count_sample(struct own *own, const struct perf_sample *s, uint64_t user_stack,
			 uint64_t kernel_stack)
{
	const struct names *names = names_of(own, (pid_t)s->pid, (pid_t)s->tid);
	struct own_count *c;
	uint64_t event = 0;

	map64_find(&own->events, s->id, &event);
	array_reserve(own->counts, own->cap_counts, own->n_counts + 1);
	c = &own->counts[own->n_counts++];
	*c = (struct own_count){
		.time_ns = s->time_ns,
		.key = {.user_stack = user_stack,
			.kernel_stack = kernel_stack,
			.tgid = s->pid,
			.tid = s->tid,
			.event = (uint16_t)event,
			.cpu = (uint16_t)s->cpu},
		.value = {.samples = 1, .value = s->period},
	};
	memcpy(c->key.process, names->process, sizeof(c->key.process));
	memcpy(c->key.thread, names->thread, sizeof(c->key.thread));
	if (own->o.block_ns && s->time_ns > own->o.block_start_ns)
		c->key.block = (uint32_t)((s->time_ns - own->o.block_start_ns) / own->o.block_ns);
}

static void on_sample(struct own *own, const void *record, size_t size)
{
	struct capture_record *c;
	struct perf_sample s;
	uint64_t kernel;

	if (!perf_sample_parse(record, size, own->kernel, &s))
		return;
	c = s.capture;
	kernel = send_kernel(own, &s);
	if (c) {
		c->head.id = STACK_CAPTURE | ++own->captures;
		if (s.in_kernel)
			c->is_return = is_after_syscall((pid_t)s.pid, c->registers[16]);
		own->visit(own->ctx, c, s.capture_bytes);
	}
	/* 32-bit code, or at its end: without a user stack. */
	count_sample(own, &s, c ? c->head.id : STACK_NONE, kernel);
	free(c);
}

size_t own_counts_used(const struct own *own)
{
	return own->n_counts;
}

void own_read_counts(struct own *own, uint64_t until_ns, count_visit *visit, void *ctx)
{
	size_t kept = 0;

	for (size_t i = 0; i < own->n_counts; i++) {
		const struct own_count *c = &own->counts[i];

		if (c->time_ns <= until_ns)
			visit(ctx, &c->key, &c->value);
		else
			own->counts[kept++] = *c;
	}
	own->n_counts = kept;
}

/* As side_parse() knows it: the time alone at the end. */
static void on_side(struct own *own, const void *record, size_t size)
{
	uint64_t copy[SIDE_MAX_BYTES / 8];
	struct side_record *out = (void *)own->parsed;
	struct perf_event_header head;
	size_t bytes;

	if (size > sizeof(copy) || size < sizeof(head) + TRAILER_BYTES)
		return;
	memcpy(copy, record, size - TRAILER_BYTES);
	memcpy((char *)copy + size - TRAILER_BYTES, (const char *)record + size - TRAILER_BYTES + 8,
	       8);
	memcpy(&head, record, sizeof(head));
	bytes = side_parse(copy, size - TRAILER_BYTES + 8, own->cpu, out);
	if (!bytes)
		return;
	if (out->type == SIDE_LOST)
		own->lost += out->lost;
	own->side(own->ctx, out, bytes);
}

static void on_record(void *ctx, const void *record, size_t size)
{
	const struct perf_event_header *head = record;

	if (head->type == PERF_RECORD_SAMPLE)
		on_sample(ctx, record, size);
	else
		on_side(ctx, record, size);
}

void own_read(struct own *own, stack_visit *visit, side_visit *side, void *ctx)
{
	own->visit = visit;
	own->side = side;
	own->ctx = ctx;
	for (size_t i = 0; i < own->n_rings; i++) {
		own->cpu = own->rings[i].cpu;
		perf_ring_read(&own->rings[i].ring, on_record, own);
	}
}
