/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source: sampling where the kernel refuses our programs, by perf's own samples of chosen
 * processes (without privileges, our own), unwound here.
 *
 * Each sample brings its registers and a piece of stack, and becomes a capture
 * (collect/captures.h). There is one event for every thread and CPU, inherited by what the threads
 * start, and one ring for each CPU.
 */
#include "collect/own.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "collect/perf.h"
#include "collect/perf_ring.h"
#include "collect/perf_sample.h"
#include "collect/source.h"
#include "collect/resolved.h"

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
	size_t event;
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
	struct source_env env;
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
	const struct source_visit *visit;
	int cpu;
	uint64_t kernel[MAX_KERNEL_FRAMES];
	uint64_t parsed[SIDE_MAX_BYTES / 8 + 64];
};

static void *own_make(struct source_env *env)
{
	struct own *own = mem_alloc(sizeof(*own));

	own->env = *env;
	own->with_kernel = !env->no_kernel;
	return own;
}

static void own_free(void *source)
{
	struct own *own = source;
	uint64_t tid, names;

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

static int own_open_event(const struct own *own, const struct event *e, pid_t tid, int cpu,
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

	perf_sample_attr(&attr, own_stack_bytes(own->env.frequency_hz),
			 own->with_kernel && !e->exclude_kernel);
	attr.exclude_user = e->exclude_user;
	attr.enable_on_exec = at_exec;
	perf_set_rate(&attr, own->env.frequency_hz, own->env.period);
	return perf_open(&attr, tid, cpu);
}

static bool own_is_open(const struct own *own, size_t event)
{
	for (size_t i = 0; i < own->n; i++)
		if (own->opened[i].event == event)
			return true;
	return false;
}

/* Opens an event; the first one with less where the kernel does not have or allow all. */
static int open_somehow(struct own *own, size_t i, pid_t tid, int cpu, bool at_exec)
{
	struct event *e = &own->env.events[i];

	for (;;) {
		int fd = own_open_event(own, e, tid, cpu, at_exec);

		if (perf_is_missing(fd) && e->is_cpu && e->value == EVENT_CYCLES &&
		    !own_is_open(own, i))
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

static int own_open_error(const struct event *e, pid_t tid, int code, struct err *err)
{
	err_set(err, code, "cannot sample '%s' of process %d by perf", e->name, tid);
	if ((code == -EACCES || code == -EPERM) && !geteuid())
		return err_cure(err, "a seccomp filter or lockdown forbids perf_event_open()");
	if (code == -EACCES || code == -EPERM)
		return err_cure(err,
				"it is not yours, or kernel.perf_event_paranoid is above 2: run "
				"cprof as root, or sudo sysctl kernel.perf_event_paranoid=2");
	if (perf_is_missing(code))
		return err_cure(err, "this machine has no such counter; -e cpu works everywhere");
	return code;
}

static int own_add_thread(struct own *own, pid_t tid, bool at_exec, struct err *err)
{
	const struct cpu_list *cpus = own->env.cpus->n ? own->env.cpus : own->env.online;

	for (size_t c = 0; c < cpus->n; c++) {
		for (size_t i = 0; i < own->env.n_events; i++) {
			int cpu = cpus->cpus[c];
			int fd = open_somehow(own, i, tid, cpu, at_exec);
			uint64_t id = 0;

			if (fd == -ESRCH)
				return 0; /* it has ended */
			if (fd < 0)
				return own_open_error(&own->env.events[i], tid, fd, err);
			ioctl(fd, PERF_EVENT_IOC_ID, &id);
			map64_set(&own->events, id, i);
			if (join_ring(own, fd, cpu, err))
				return err->code;
			array_reserve(own->opened, own->cap, own->n + 1);
			own->opened[own->n++] = (struct opened){i, fd, cpu, at_exec};
		}
	}
	return 0;
}

/* The threads of a process, up to the first that cannot be sampled. */
struct own_adding {
	struct own *own;
	struct err *err;
	int code;
};

static void own_add_listed(void *adding, pid_t tid)
{
	struct own_adding *a = adding;

	if (!a->code)
		a->code = own_add_thread(a->own, tid, false, a->err);
}

/* Threads that begin between the listing and the opening of who starts them are missed, as by perf.
 */
static int own_add_process(struct own *own, pid_t pid, struct err *err)
{
	struct own_adding a = {own, err, 0};

	threads_each(pid, own_add_listed, &a);
	return a.code;
}

/* A held command is sampled from its exec on. */
static int own_add_task(void *own, enum target_kind kind, pid_t id, struct err *err)
{
	if (kind == TARGET_PROCESS)
		return own_add_process(own, id, err);
	return own_add_thread(own, id, kind == TARGET_COMMAND, err);
}

static int own_start(void *source, struct err *err)
{
	const struct own *own = source;

	(void)err;
	for (size_t i = 0; i < own->n; i++)
		if (!own->opened[i].at_exec)
			ioctl(own->opened[i].fd, PERF_EVENT_IOC_ENABLE, 0);
	return 0;
}

static void own_stop(void *source)
{
	const struct own *own = source;

	for (size_t i = 0; i < own->n; i++)
		ioctl(own->opened[i].fd, PERF_EVENT_IOC_DISABLE, 0);
}

static int own_poll(const void *source, int epoll_fd)
{
	const struct own *own = source;

	for (size_t i = 0; i < own->n_rings; i++) {
		/* By edges: an event whose task has ended is readable for ever. */
		struct epoll_event e = {.events = EPOLLIN | EPOLLET};

		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, own->rings[i].ring.fd, &e);
	}
	return 0;
}

static bool own_is_alive(const void *source)
{
	const struct own *own = source;

	for (size_t i = 0; i < own->n; i++) {
		struct pollfd fd = {.fd = own->opened[i].fd, .events = POLLIN};

		if (poll(&fd, 1, 0) <= 0 || !(fd.revents & POLLHUP))
			return true;
	}
	return false;
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
static const struct names *own_names_of(struct own *own, pid_t pid, pid_t tid)
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
	own->visit->stack(own->visit->ctx, &r, bytes);
	return r.head.id;
}

static void count_sample(struct own *own, const struct perf_sample *s, uint64_t user_stack,
			 uint64_t kernel_stack)
{
	const struct names *names = own_names_of(own, (pid_t)s->pid, (pid_t)s->tid);
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
	if (own->env.block_ns && s->time_ns > own->env.block_start_ns)
		c->key.block =
			(uint32_t)((s->time_ns - own->env.block_start_ns) / own->env.block_ns);
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
		own->visit->stack(own->visit->ctx, c, s.capture_bytes);
	}
	/* 32-bit code, or at its end: without a user stack. */
	count_sample(own, &s, c ? c->head.id : STACK_NONE, kernel);
	free(c);
}

static size_t own_counts_used(const void *own)
{
	return ((const struct own *)own)->n_counts;
}

/* Those up to a time: their stacks were visited under the ids that they are counted by. */
static int own_read_counts(void *source, uint64_t until_ns, count_visit *visit, void *ctx)
{
	struct own *own = source;
	size_t kept = 0;

	for (size_t i = 0; i < own->n_counts; i++) {
		const struct own_count *c = &own->counts[i];

		if (c->time_ns <= until_ns)
			visit(ctx, &c->key, &c->value);
		else
			own->counts[kept++] = *c;
	}
	own->n_counts = kept;
	return 0;
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
	own->visit->side(own->visit->ctx, out, bytes);
}

static void own_on_record(void *ctx, const void *record, size_t size)
{
	const struct perf_event_header *head = record;

	if (head->type == PERF_RECORD_SAMPLE)
		on_sample(ctx, record, size);
	else
		on_side(ctx, record, size);
}

static void own_read(void *source, const struct source_visit *visit)
{
	struct own *own = source;

	own->visit = visit;
	for (size_t i = 0; i < own->n_rings; i++) {
		own->cpu = own->rings[i].cpu;
		perf_ring_read(&own->rings[i].ring, own_on_record, own);
	}
}

/* What was lost, as far as can be told: records for which the rings had no room. */
static void own_account(const void *source, bool ended, struct account *a)
{
	const struct own *own = source;

	(void)ended;
	a->lost += own->lost;
	account_add(&a->lost_by_reason, "perf's ring full", own->lost);
	a->kernel_unseen = !own->with_kernel;
	snprintf(a->way, sizeof(a->way), "perf");
}

static const char *own_manner(const void *own)
{
	return ((const struct own *)own)->with_kernel ? ", by perf" : ", user code only";
}

const struct source_type source_own = {
	.make = own_make,
	.free = own_free,
	.add_task = own_add_task,
	.poll = own_poll,
	.start = own_start,
	.stop = own_stop,
	.is_alive = own_is_alive,
	.read = own_read,
	.counts_used = own_counts_used,
	.read_counts = own_read_counts,
	.account = own_account,
	.manner = own_manner,
};
