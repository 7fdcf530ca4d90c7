/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source: the perf events that run a BPF program, one per event, rate and CPU.
 *
 * One set of events for each rate that was asked for; one set is enabled at a time. What is
 * disabled goes on where it was when it is enabled again, so that no time between two ticks is lost
 * or counted twice.
 */
#include "collect/sampler.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "collect/kernel.h"
#include "collect/perf.h"
#include "collect/sideband.h"
#include "collect/source.h"

#include <sys/ioctl.h>
#include <time.h>

struct opened {
	size_t event;
	int cpu, fd;
	uint64_t frequency_hz, period; /* of its set */
};

enum { MAX_RATES = 16 };

/* One for each event: on old kernels a program does not know which it was attached to. */
static const char *const programs[MAX_EVENTS] = {"perf_event_0", "perf_event_1", "perf_event_2",
						 "perf_event_3", "perf_event_4", "perf_event_5",
						 "perf_event_6", "perf_event_7"};

struct sampler {
	struct source_env env;
	struct opened *opened;
	size_t n, cap;
	uint64_t rates[MAX_RATES]; /* that sets are open for */
	size_t n_rates;
	bool running;
};

int sampler_check_rate(uint64_t frequency_hz, struct err *err)
{
	struct str text auto_release(str_release) = {0};
	uint64_t max = 100000;

	if (!file_read("/proc/sys/kernel/perf_event_max_sample_rate", 64, &text)) {
		text.text[text.len ? text.len - 1 : 0] = '\0';
		parse_u64(text.text, UINT64_MAX, &max);
	}
	if (!frequency_hz) {
		err_usage(err, "-F 0: the rate is in samples a second, at least 1");
		return err_cure(err, "99 is a good rate, 999 for a short program");
	}
	if (frequency_hz <= max)
		return 0;
	err_usage(err, "-F %llu: this kernel samples at most %llu times a second",
		  (unsigned long long)frequency_hz, (unsigned long long)max);
	return err_cure(err,
			"lower the rate, or raise the limit: sysctl "
			"kernel.perf_event_max_sample_rate=%llu",
			(unsigned long long)frequency_hz);
}

static void *sampler_make(struct source_env *env)
{
	struct sampler *s = mem_alloc(sizeof(*s));

	s->env = *env;
	return s;
}

static void sampler_free(void *sampler)
{
	struct sampler *s = sampler;

	for (size_t i = 0; i < s->n; i++)
		close(s->opened[i].fd);
	free(s->opened);
	free(s);
}

static int sampler_open_event(const struct sampler *s, const struct event *e, int cpu)
{
	struct perf_event_attr attr = {
		.type = e->type,
		.config = e->config,
		.size = sizeof(attr),
		.sample_type = PERF_SAMPLE_TIME,
		.sample_id_all = 1,
		.disabled = 1,
		.use_clockid = 1, /* that of the sideband, whose ring takes the throttle records */
		.clockid = CLOCK_MONOTONIC,
	};

	attr.exclude_user = e->exclude_user;
	attr.exclude_kernel = e->exclude_kernel;
	attr.precise_ip = e->precise & 3;
	if (attr.precise_ip) /* else the kernel refuses programs that take stacks */
		attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
	attr.exclude_idle = !s->env.idle;
	perf_set_rate(&attr, s->env.frequency_hz, s->env.period);
	return perf_open(&attr, -1, cpu);
}

static int sampler_open_error(const struct event *e, int cpu, int code, struct err *err)
{
	err_set(err, code, "cannot sample '%s' on CPU %d", e->name, cpu);
	if (code == -EACCES || code == -EPERM)
		return err_cure(err, "run it as root, or lower kernel.perf_event_paranoid");
	if (perf_is_missing(code))
		return err_cure(err,
				"this machine has no such counter (virtual machines often have "
				"none); -e cpu works everywhere");
	return code;
}

static bool sampler_is_open(const struct sampler *s, size_t event)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->opened[i].event == event)
			return true;
	return false;
}

static bool is_current(const struct sampler *s, const struct opened *o)
{
	return o->frequency_hz == s->env.frequency_hz && o->period == s->env.period;
}

static int open_one(struct sampler *s, size_t i, int cpu, struct err *err)
{
	struct event *e = &s->env.events[i];
	int fd = sampler_open_event(s, e, cpu);

	if (perf_is_missing(fd) && e->is_cpu && e->value == EVENT_CYCLES &&
	    !sampler_is_open(s, i)) {
		event_use_clock(e);
		fd = sampler_open_event(s, e, cpu);
	}
	if (fd < 0)
		return sampler_open_error(e, cpu, fd, err);
	array_reserve(s->opened, s->cap, s->n + 1);
	s->opened[s->n++] = (struct opened){i, cpu, fd, s->env.frequency_hz, s->env.period};
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, kernel_program_fd(s->env.kernel, programs[i])) < 0)
		return err_set(err, -errno, "cannot attach the sampling program");
	sideband_join(s->env.sideband, cpu, fd);
	if (s->running)
		ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
	return 0;
}

/* Opens the events of the rate of now; enables them if it is running. */
static int open_cpu(struct sampler *s, int cpu, struct err *err)
{
	for (size_t i = 0; i < s->env.n_events; i++)
		if (s->env.events[i].source == SOURCE_sampler && open_one(s, i, cpu, err))
			return err->code;
	return 0;
}

static int sampler_add_cpu(void *sampler, int cpu, struct err *err)
{
	struct sampler *s = sampler;
	const struct cpu_list *chosen = s->env.cpus;

	return !chosen->n || cpu_list_has(chosen, cpu) ? open_cpu(s, cpu, err) : 0;
}

static void sampler_remove_cpu(void *sampler, int cpu)
{
	struct sampler *s = sampler;
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->opened[i].cpu == cpu)
			close(s->opened[i].fd);
		else
			s->opened[kept++] = s->opened[i];
	}
	s->n = kept;
}

static void all_ioctl(struct sampler *s, unsigned long request)
{
	for (size_t i = 0; i < s->n; i++)
		if (is_current(s, &s->opened[i]) && ioctl(s->opened[i].fd, request, 0) < 0)
			log_debug("perf event of CPU %d: %m", s->opened[i].cpu);
}

/* Every CPU that an event is open on has those of the current rate. */
static int open_rate(struct sampler *s, struct err *err)
{
	size_t n = s->n;

	for (size_t i = 0; i < n; i++) {
		bool has = false;

		for (size_t j = 0; j < s->n && !has; j++)
			has = s->opened[j].cpu == s->opened[i].cpu && is_current(s, &s->opened[j]);
		if (!has && open_cpu(s, s->opened[i].cpu, err))
			return err->code;
	}
	return 0;
}

/* Closes the sets of other rates. */
static void close_others(struct sampler *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (is_current(s, &s->opened[i]))
			s->opened[kept++] = s->opened[i];
		else
			close(s->opened[i].fd);
	}
	s->n = kept;
	s->n_rates = 0;
}

static bool has_rate(const struct sampler *s, uint64_t frequency_hz)
{
	for (size_t i = 0; i < s->n_rates; i++)
		if (s->rates[i] == frequency_hz)
			return true;
	return false;
}

static int sampler_start(void *sampler, struct err *err)
{
	(void)err;
	((struct sampler *)sampler)->running = true;
	all_ioctl(sampler, PERF_EVENT_IOC_ENABLE);
	return 0;
}

/* Waits for programs that run. */
static void sampler_stop(void *sampler)
{
	((struct sampler *)sampler)->running = false;
	all_ioctl(sampler, PERF_EVENT_IOC_DISABLE);
}

static int sampler_set_rate(void *sampler, uint64_t frequency_hz, struct err *err)
{
	struct sampler *s = sampler;
	const uint64_t before = s->env.frequency_hz;
	bool running = s->running;
	int code;

	if (frequency_hz == s->env.frequency_hz)
		return 0;
	if (running)
		sampler_stop(s);
	if (!has_rate(s, s->env.frequency_hz) && s->n_rates < MAX_RATES)
		s->rates[s->n_rates++] = s->env.frequency_hz;
	if (!has_rate(s, frequency_hz) && s->n_rates == MAX_RATES)
		close_others(s);
	s->env.frequency_hz = frequency_hz;
	if (!has_rate(s, frequency_hz))
		s->rates[s->n_rates++] = frequency_hz;
	code = open_rate(s, err);
	if (code)
		s->env.frequency_hz = before;
	if (running)
		sampler_start(s, err);
	return code;
}

static size_t sampler_programs(const struct source_env *env, struct source_program *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < env->n_events; i++)
		if (env->events[i].source == SOURCE_sampler)
			ret[n++] = (struct source_program){.name = programs[i]};
	return n;
}

static const char *sampler_manner(const void *sampler)
{
	const struct event *first = ((const struct sampler *)sampler)->env.events;

	return first->is_cpu && first->value == EVENT_CLOCK ? " (no cycle counter)" : "";
}

const struct source_type source_sampler = {
	.programs = sampler_programs,
	.make = sampler_make,
	.free = sampler_free,
	.add_cpu = sampler_add_cpu,
	.remove_cpu = sampler_remove_cpu,
	.start = sampler_start,
	.stop = sampler_stop,
	.set_rate = sampler_set_rate,
	.manner = sampler_manner,
};
