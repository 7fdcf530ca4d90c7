/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording: fills a profile from a running system. */
#include "collect/recording.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/self.h"
#include "collect/ingest.h"
#include "collect/kernel.h"
#include "collect/launch.h"
#include "collect/losses.h"
#include "collect/own.h"
#include "collect/publish.h"
#include "collect/sampler.h"
#include "collect/sideband.h"
#include "collect/targets.h"
#include "proc/procfs.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* Records of the last moments may still be on their way on another CPU. */
#define SETTLE_NS  2000000ull
#define HOTPLUG_NS 1000000000ull
/* Processes that ended are forgotten when their counts are in. */
#define DRAIN_NS 10000000000ull

/* Of stack, at most, that travels with a sample the kernel side could not unwind. */
enum { CAPTURE_PAGES = 32 };

/* The rings go on filling while a table is built. */
enum { TABLE_POLL_MS = 5 };

struct recording {
	struct recording_options o;
	struct identity_options identity;
	struct profile *p;
	struct targets targets;
	struct kernel *kernel;
	struct sideband *sideband;
	struct sampler *sampler;
	struct own *own; /* in place of sampler and sideband, where the kernel refuses */
	char by_perf[ACCOUNT_REASON_BYTES]; /* why it does */
	struct ingest *ingest;
	struct launch launch;
	struct cpu_list online;
	int epoll_fd, timer_fd;
	uint64_t started_ns, stopped_ns, hotplug_ns, drained_ns;
	uint64_t seen_full; /* as of the last time `seen` was cleared */
	double cpu_s_before;
	bool stopped;
};

/* -- value columns -- */

static void add_columns(struct recording *r, size_t i)
{
	const struct event *e = &r->o.events[i];
	struct event_columns c = {.value = NO_ID, .estimated_ns = NO_ID};
	char name[96];

	if (i)
		snprintf(name, sizeof(name), "%s_samples", e->name);
	c.samples = profile_add_type(r->p, i ? name : "samples", "count");
	if (e->value == EVENT_CLOCK) {
		c.value = profile_add_type(r->p, i == 0 ? "cpu" : e->name, "nanoseconds");
	} else if (e->value == EVENT_CYCLES) {
		c.value = profile_add_type(r->p, e->is_cpu ? "cycles" : e->name, "count");
		if (i == 0 && r->o.frequency_hz) {
			c.estimated_ns = profile_add_type(r->p, "cpu", "nanoseconds");
			profile_add_comment(r->p,
					    "cpu/nanoseconds is estimated: samples x 1e9 / rate");
		}
	} else {
		c.value = profile_add_type(r->p, e->name, "count");
	}
	if (i == 0)
		r->p->default_type = r->p->n_types - 1;
	ingest_set_columns(r->ingest, i, &c);
}

static void set_period(struct recording *r)
{
	const struct event *e = &r->o.events[0];
	struct strings *s = &r->p->strings;
	bool clock = e->value == EVENT_CLOCK;

	r->p->period_type.type = strings_add(s, clock ? "cpu" : e->is_cpu ? "cycles" : e->name);
	r->p->period_type.unit = strings_add(s, clock ? "nanoseconds" : "count");
	r->p->period = (int64_t)r->o.period;
	if (r->o.frequency_hz && clock)
		r->p->period = (int64_t)(1000000000 / r->o.frequency_hz);
}

/* -- set-up -- */

static bool walks_by_tables(const struct recording *r)
{
	return !r->o.by_frame_pointers && !r->o.no_user;
}

static int load_kernel(struct recording *r, enum refusal *ret_refusal, struct err *err)
{
	struct kernel_options k = {
		.n_events = r->o.n_events,
		.cgroup_fd = r->targets.cgroup_fd,
		.follow_targets = targets_by_task(&r->targets),
		.has_command = r->o.command && !r->o.command_is_clock,
	};

	k.config.self_tgid = (uint32_t)getpid();
	k.config.idle = r->o.idle;
	k.config.max_depth = r->o.max_depth;
	k.config.by_task = k.follow_targets;
	k.config.by_uid = r->o.user != NULL;
	k.config.uid = r->targets.uid;
	k.config.by_cgroup = r->o.cgroup != NULL;
	k.config.cgroup_id = r->targets.cgroup_id;
	k.config.user_stacks = !r->o.no_user;
	k.config.kernel_stacks = !r->o.no_kernel;
	k.config.want_cpu = r->o.want_cpu;
	k.config.block_ns = r->o.journal ? JOURNAL_BLOCK_NS : r->identity.block_ns;
	k.config.block_start_ns = r->identity.block_start_ns;
	k.config.by_tables = walks_by_tables(r);
	k.config.capture_pages = CAPTURE_PAGES;
	if (getrandom(&k.config.hash_seed, sizeof(k.config.hash_seed), 0) < 0)
		return err_set(err, -errno, "no random numbers");
	r->kernel = kernel_new(&k, ret_refusal, err);
	return r->kernel ? 0 : err->code;
}

/* Chosen processes can be sampled by perf alone. */
static bool can_do_without(const struct recording *r)
{
	return targets_by_task(&r->targets) && !r->o.user && !r->o.cgroup && !r->o.journal &&
	       !r->o.by_frame_pointers && !r->o.no_user && r->o.budget_share <= 0 &&
	       !r->o.no_fallback;
}

/* Says why it is by perf, and what is missing then: at once, and in the account at the end. */
static void fall_back(struct recording *r, enum refusal why, const struct err *cause)
{
	if (why == REFUSAL_privileges && geteuid())
		snprintf(r->by_perf, sizeof(r->by_perf), "without privileges");
	else
		snprintf(r->by_perf, sizeof(r->by_perf),
			 "the kernel refused cprof's programs (%.300s)", cause->what);
	log_warn("%s: sampling by perf; what lies deeper than %u KiB of stack is missing, and at "
		 "high "
		 "rates samples are",
		 r->by_perf, own_stack_bytes(r->o.frequency_hz) / 1024);
	log_warn("to sample in the kernel: %s", cause->cure);
}

/* Sampling in the kernel, or, where that is refused, by perf alone. */
static int choose_source(struct recording *r, struct err *err)
{
	const struct own_options own = {
		.events = r->o.events,
		.n_events = r->o.n_events,
		.frequency_hz = r->o.frequency_hz,
		.period = r->o.period,
		.cpus = r->targets.cpus.n ? &r->targets.cpus : &r->online,
		.block_ns = r->identity.block_ns,
		.block_start_ns = r->identity.block_start_ns,
		.no_kernel = r->o.no_kernel,
	};
	enum refusal refusal = REFUSAL_none;
	struct err cause;

	if (targets_check_namespace(err))
		return err->code;
	if (!load_kernel(r, &refusal, err))
		return 0;
	if (!refusal)
		return err->code;
	cause = *err;
	if (!can_do_without(r)) {
		if (targets_by_task(&r->targets) || refusal != REFUSAL_privileges)
			return err->code;
		return err_cure(err,
				"%.300s. Without privileges cprof samples processes of yours: -p "
				"PID, or -- COMMAND",
				cause.cure);
	}
	fall_back(r, refusal, &cause);
	*err = (struct err){0};
	r->kernel = kernel_none();
	r->own = own_new(&own);
	return 0;
}

static bool wants_cpu(const struct recording *r, int cpu)
{
	return !r->targets.cpus.n || cpu_list_has(&r->targets.cpus, cpu);
}

/* Sideband records come from all CPUs: a program maps its code on any. */
static int add_cpu(struct recording *r, int cpu, struct err *err)
{
	if (sideband_add_cpu(r->sideband, cpu, err))
		return err->code;
	return wants_cpu(r, cpu) ? sampler_add_cpu(r->sampler, cpu, err) : 0;
}

static int find_cpus(struct recording *r, struct err *err)
{
	int code = cpu_list_online(&r->online);

	if (code)
		return err_set(err, code, "cannot read the list of CPUs");
	for (size_t i = 0; i < r->targets.cpus.n; i++)
		if (!cpu_list_has(&r->online, r->targets.cpus.cpus[i]))
			return err_usage(err, "CPU %d is not online", r->targets.cpus.cpus[i]);
	return 0;
}

static void remove_cpu(struct recording *r, int cpu)
{
	sampler_remove_cpu(r->sampler, cpu);
	sideband_remove_cpu(r->sideband, cpu);
}

/* One that has gone meanwhile is no failure: follow_hotplug() looks whether it comes back. */
static int open_cpus(struct recording *r, struct err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < r->online.n; i++) {
		int cpu = r->online.cpus[i];

		if (!add_cpu(r, cpu, err)) {
			r->online.cpus[n++] = cpu;
			continue;
		}
		if (cpu_is_online(cpu))
			return err->code;
		remove_cpu(r, cpu);
		*err = (struct err){0};
	}
	r->online.n = n;
	return 0;
}

static int poll_set(struct recording *r, struct err *err)
{
	struct epoll_event e = {.events = EPOLLIN};

	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (r->epoll_fd < 0 ||
	    (!r->own && epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, kernel_wait_fd(r->kernel), &e) < 0))
		return err_set(err, -errno, "cannot wait for samples");
	if (r->own)
		own_poll(r->own, r->epoll_fd);
	else
		sideband_poll(r->sideband, r->epoll_fd);
	r->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (r->timer_fd < 0 || epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, r->timer_fd, &e) < 0)
		return err_set(err, -errno, "cannot set a timer");
	if (ingest_wait_fd(r->ingest) >= 0)
		epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, ingest_wait_fd(r->ingest), &e);
	return 0;
}

static int open_kernel(struct recording *r, struct images *images, struct err *err)
{
	const struct sampler_options sampler = {r->o.events, r->o.n_events, r->o.frequency_hz,
						r->o.period, r->o.idle};

	images_kernel(images)->name_address = kernel_name_address;
	images_kernel(images)->name_ctx = r->kernel;
	r->sideband = sideband_new();
	r->sampler = sampler_new(&sampler, r->kernel, r->sideband);
	return targets_add(&r->targets, &r->o, r->kernel, r->launch.pid, err) || open_cpus(r, err)
		       ? err->code
		       : 0;
}

static int set_up(struct recording *r, struct images *images, struct err *err)
{
	struct ingest_options ingest = {.identity = &r->identity,
					.by_tables = walks_by_tables(r),
					.max_depth = r->o.max_depth,
					.journal = r->o.journal};

	if (r->o.frequency_hz && sampler_check_rate(r->o.frequency_hz, err))
		return err->code;
	if (targets_find(&r->targets, &r->o, err))
		return err->code;
	if (r->o.command && launch_fork(&r->launch, r->o.command, r->o.silent_command, err))
		return err->code;
	self_raise_file_limit();
	r->identity.want_cpu = r->o.want_cpu;
	r->identity.block_ns = r->o.block_ns;
	r->identity.block_start_ns = monotonic_ns();
	if (find_cpus(r, err) || choose_source(r, err))
		return err->code;
	ingest.all_captured = r->own;
	r->ingest = ingest_new(r->p, images, r->kernel, &ingest);
	ingest_set_rate(r->ingest, r->o.frequency_hz, monotonic_ns());
	if (r->own ? targets_add_own(&r->targets, &r->o, r->own, r->launch.pid, err)
		   : open_kernel(r, images, err))
		return err->code;
	if (poll_set(r, err))
		return err->code;
	for (size_t i = 0; i < r->o.n_events; i++)
		add_columns(r, i);
	set_period(r);
	return 0;
}

int recording_check(const struct recording_options *o, struct err *err)
{
	struct targets targets;
	int code;

	targets_init(&targets);
	code = targets_find(&targets, o, err);
	targets_release(&targets);
	return code;
}

struct recording *recording_new(const struct recording_options *o, struct profile *p,
				struct images *images, struct err *err)
{
	struct recording *r = mem_alloc(sizeof(*r));

	r->o = *o;
	r->p = p;
	r->epoll_fd = r->timer_fd = -1;
	r->launch = (struct launch){.go_fd = -1, .error_fd = -1};
	r->cpu_s_before = self_cpu_s();
	targets_init(&r->targets);
	if (set_up(r, images, err)) {
		recording_free(r);
		return NULL;
	}
	return r;
}

void recording_free(struct recording *r)
{
	if (!r)
		return;
	own_free(r->own);
	sampler_free(r->sampler);
	sideband_free(r->sideband);
	ingest_free(r->ingest);
	kernel_free(r->kernel);
	launch_release(&r->launch);
	targets_release(&r->targets);
	cpu_list_release(&r->online);
	if (r->epoll_fd >= 0)
		close(r->epoll_fd);
	if (r->timer_fd >= 0)
		close(r->timer_fd);
	free(r);
}

/* -- running -- */

int recording_start(struct recording *r, struct err *err)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	r->p->time_ns = now.tv_sec * 1000000000ll + now.tv_nsec;
	r->identity.started_ns = r->started_ns = r->drained_ns = monotonic_ns();
	if (r->own)
		own_start(r->own);
	else
		sampler_start(r->sampler);
	/* The scan comes after the events were opened, so that nothing falls between. */
	if (!targets_by_task(&r->targets))
		ingest_scan_all(r->ingest);
	for (size_t i = 0; i < r->targets.n_processes; i++)
		ingest_scan(r->ingest, r->targets.processes[i]);
	if (r->launch.pid)
		return launch_go(&r->launch, err);
	return 0;
}

int recording_wait_fd(const struct recording *r)
{
	return r->epoll_fd;
}

/* Opens CPUs that came online, closes those that went. */
static void follow_hotplug(struct recording *r)
{
	struct cpu_list now = {0};
	struct err err = {0};

	r->hotplug_ns = monotonic_ns();
	if (cpu_list_online(&now))
		return;
	for (size_t i = 0; i < r->online.n; i++) {
		if (cpu_list_has(&now, r->online.cpus[i]))
			continue;
		remove_cpu(r, r->online.cpus[i]);
	}
	for (size_t i = 0; i < now.n; i++) {
		if (cpu_list_has(&r->online, now.cpus[i]))
			continue;
		if (add_cpu(r, now.cpus[i], &err))
			log_warn("CPU %d came online and is not sampled: %s", now.cpus[i],
				 err.what);
		else
			sideband_poll(r->sideband, r->epoll_fd);
	}
	cpu_list_release(&r->online);
	r->online = now;
}

/* What is queued is due in a moment: the sooner it is worked off, the fewer samples are captured.
 */
static void look_again(struct recording *r)
{
	struct itimerspec soon = {.it_value.tv_nsec = ingest_is_busy(r->ingest) ? SETTLE_NS : 0};

	timerfd_settime(r->timer_fd, 0, &soon, NULL);
}

/* Takes in what arrived; resolves what happened up to `until`, with `wait` all of it. */
static void take_in(struct recording *r, uint64_t until, bool wait)
{
	struct pollfd table = {ingest_wait_fd(r->ingest), POLLIN, 0};
	bool done;

	for (;;) {
		/* First the stacks, then the sideband: a mapping that a stack needs is then there.
		 */
		if (r->own) {
			own_read(r->own, ingest_record, ingest_side, r->ingest);
		} else {
			kernel_read_stacks(r->kernel, ingest_record, r->ingest);
			sideband_read(r->sideband, ingest_side, r->ingest);
		}
		done = ingest_until(r->ingest, until);
		if (done || !wait)
			break;
		poll(&table, 1, TABLE_POLL_MS);
	}
	look_again(r);
}

static bool has_targets(const struct recording *r)
{
	return r->own ? own_alive(r->own) : kernel_targets_alive(r->kernel) > 0;
}

static size_t counts_used(const struct recording *r)
{
	return r->own ? own_counts_used(r->own) : kernel_counts_used(r->kernel);
}

int recording_poll(struct recording *r, struct err *err)
{
	uint64_t now = monotonic_ns();

	take_in(r, now - SETTLE_NS, false);
	if (!r->own && now - r->hotplug_ns > HOTPLUG_NS)
		follow_hotplug(r);
	if ((counts_used(r) > MAX_COUNTS / 2 || now - r->drained_ns > DRAIN_NS) &&
	    recording_drain(r, err))
		return err->code;
	if (launch_ended(&r->launch) && r->o.command_is_clock)
		return 1;
	return targets_by_task(&r->targets) && !has_targets(r);
}

/* `seen` is full: empty it, so that stacks are told apart from new ones again. */
static bool renew_seen(struct recording *r)
{
	struct stats stats;

	kernel_stats(r->kernel, &stats);
	if (stats.seen_full == r->seen_full)
		return false;
	kernel_clear_seen(r->kernel);
	r->seen_full = stats.seen_full;
	return true;
}

int recording_drain(struct recording *r, struct err *err)
{
	bool cleared = !r->stopped && renew_seen(r);
	uint64_t until;
	int code;

	r->drained_ns = monotonic_ns();
	kernel_flip_counts(r->kernel, r->stopped);
	/* What was counted has its stacks in the ring by now. */
	until = r->stopped ? UINT64_MAX : monotonic_ns();
	take_in(r, until, true);
	if (r->own)
		own_read_counts(r->own, until, ingest_count, r->ingest);
	code = kernel_read_counts(r->kernel, ingest_count, r->ingest);
	if (code)
		return err_set(err, code, "cannot read the counts");
	ingest_settle(r->ingest, cleared);
	return 0;
}

uint64_t recording_rate(const struct recording *r)
{
	return r->o.frequency_hz;
}

uint64_t recording_drained_ns(const struct recording *r)
{
	return r->drained_ns;
}

double recording_cost_s(const struct recording *r)
{
	return self_cpu_s() - r->cpu_s_before + (double)kernel_run_ns(r->kernel) / 1e9;
}

static bool is_estimated(const struct recording *r)
{
	for (size_t i = 0; i < r->o.n_events; i++)
		if (ingest_columns(r->ingest, i)->estimated_ns != NO_ID)
			return true;
	return false;
}

int recording_set_rate(struct recording *r, uint64_t frequency_hz, struct err *err)
{
	bool drains = r->started_ns && is_estimated(r);
	int code;

	if (frequency_hz == r->o.frequency_hz || r->own)
		return 0;
	/* Where values are made from the rate, what was counted belongs to that it was counted at.
	 */
	if (drains)
		sampler_stop(r->sampler);
	code = drains ? recording_drain(r, err) : 0;
	if (!code)
		code = sampler_set_rate(r->sampler, frequency_hz, err);
	if (drains)
		sampler_start(r->sampler);
	if (code)
		return code;
	r->o.frequency_hz = frequency_hz;
	ingest_set_rate(r->ingest, frequency_hz, monotonic_ns());
	return 0;
}

const struct event_columns *recording_columns(const struct recording *r, size_t event)
{
	return ingest_columns(r->ingest, event);
}

uint64_t recording_blocks_start_ns(const struct recording *r)
{
	return r->identity.block_start_ns;
}

void recording_place(struct recording *r, struct snapshot_place *ret)
{
	struct publish *publish = ingest_publish(r->ingest);

	ret->p = r->p;
	ret->tables = publish ? publish_tables(publish) : NULL;
	ret->store = publish ? publish_store(publish) : NULL;
}

int recording_stop(struct recording *r, struct err *err)
{
	int code;

	/* Now somebody waits, and what is left takes little: on a busy machine it would wait its
	 * turn. */
	if (!r->o.journal)
		setpriority(PRIO_PROCESS, 0, -10);
	if (r->own)
		own_stop(r->own);
	else
		sampler_stop(r->sampler);
	r->stopped = true;
	r->stopped_ns = monotonic_ns();
	/* Without targets left the command is exiting: its status is a moment away. */
	if (targets_by_task(&r->targets) && !r->o.command_is_clock && !has_targets(r))
		launch_wait(&r->launch);
	else
		launch_ended(&r->launch);
	code = recording_drain(r, err);
	kernel_log_runs(r->kernel);
	r->p->duration_ns = (int64_t)(r->stopped_ns - r->started_ns);
	return code;
}

/* What would have been sampled while the kernel held events back, by the rate asked for or seen. */
static uint64_t throttled_samples(const struct recording *r, const struct account *a)
{
	uint64_t now = r->stopped ? r->stopped_ns : monotonic_ns();
	double seconds = (double)(now - r->started_ns) / 1e9;
	double seen = (double)a->samples / MAX(seconds, 1e-3) / (double)MAX(r->online.n, 1u);

	return ingest_throttled(r->ingest, now, seen);
}

/* Losses on both sides; at the end also whatever the sums do not explain. */
static void account_losses(const struct recording *r, struct account *a)
{
	struct stats stats;
	uint64_t throttled, explained;

	kernel_stats(r->kernel, &stats);
	losses_of_kernel(&stats, a);
	if (r->own) {
		a->lost += own_lost(r->own);
		account_add(&a->lost_by_reason, "perf's ring full", own_lost(r->own));
	}
	throttled = throttled_samples(r, a);
	a->lost += throttled;
	account_add(&a->lost_by_reason, "throttled by the kernel", throttled);
	/* Those without a ring for their stack are in the profile all the same. */
	explained = a->samples + stats.drops[DROP_COUNTS_FULL] + stats.drops[DROP_NESTED];
	if (r->stopped && stats.taken > explained) {
		a->lost += stats.taken - explained;
		account_add(&a->lost_by_reason, "unaccounted", stats.taken - explained);
	}
	account_sort(&a->lost_by_reason);
}

void recording_account(const struct recording *r, struct account *a)
{
	uint64_t end = r->stopped ? r->stopped_ns : monotonic_ns();
	struct str status auto_release(str_release) = {0};

	ingest_account(r->ingest, a);
	account_losses(r, a);
	a->duration_s = (double)(end - r->started_ns) / 1e9;
	a->overhead_cpu_s = recording_cost_s(r);
	a->kernel_cost_unknown = !r->own && !kernel_is_measured(r->kernel);
	a->machine_cpu_s = a->duration_s * (double)r->online.n;
	recording_event_text(r, a->event, sizeof(a->event));
	memcpy(a->refused, r->by_perf, sizeof(a->refused));
	snprintf(a->way, sizeof(a->way), "%s", kernel_way(r->kernel));
	a->kernel_unseen = r->own && !own_has_kernel(r->own);
	if (r->launch.pid) {
		launch_describe(&r->launch, &status);
		snprintf(a->command_status, sizeof(a->command_status), "%s", status.text);
	}
}

void recording_kill_command(struct recording *r)
{
	if (r->launch.pid && !launch_ended(&r->launch))
		kill(r->launch.pid, SIGTERM);
}

int recording_command_status(struct recording *r)
{
	return launch_exit_status(&r->launch);
}

void recording_title(const struct recording *r, char *buf, size_t size)
{
	targets_title(&r->targets, &r->o, buf, size);
}

void recording_event_text(const struct recording *r, char *buf, size_t size)
{
	bool no_counter = r->o.events[0].is_cpu && r->o.events[0].value == EVENT_CLOCK;
	const char *how = no_counter ? " (no cycle counter)" : "";

	if (r->own)
		how = own_has_kernel(r->own) ? ", by perf" : ", user code only";
	events_describe(r->o.events, r->o.n_events, r->o.frequency_hz, r->o.period, how, buf, size);
}
