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
#include "collect/own.h"
#include "collect/publish.h"
#include "collect/sampler.h"
#include "collect/sources.h"
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
	struct kernel *kernel; /* NULL: perf alone samples */
	struct sources sources;
	char refused[ACCOUNT_REASON_BYTES]; /* why there is no kernel side */
	struct ingest *ingest;
	struct columns columns[RECORDING_MAX_EVENTS];
	struct launch launch;
	struct cpu_list online;
	int epoll_fd, timer_fd;
	uint64_t started_ns, stopped_ns, hotplug_ns, drained_ns;
	double cpu_s_before;
	bool stopped;
};

/* -- set-up -- */

static bool walks_by_tables(const struct recording *r)
{
	return !r->o.by_frame_pointers && !r->o.no_user;
}

static void sources_env(struct recording *r, struct source_env *ret)
{
	*ret = (struct source_env){
		.events = r->o.events,
		.n_events = r->o.n_events,
		.frequency_hz = r->o.frequency_hz,
		.period = r->o.period,
		.idle = r->o.idle,
		.no_kernel = r->o.no_kernel,
		.by_task = targets_by_task(&r->targets),
		.by_tables = walks_by_tables(r),
		.has_command = r->o.command && !r->o.command_is_clock,
		.cpus = &r->targets.cpus,
		.online = &r->online,
		.block_ns = r->identity.block_ns,
		.block_start_ns = r->identity.block_start_ns,
	};
}

static int load_kernel(struct recording *r, const struct source_env *env, enum refusal *ret_refusal,
		       struct err *err)
{
	struct source_program programs[MAX_SOURCE_PROGRAMS];
	struct kernel_options k = {
		.programs = programs,
		.n_programs = sources_programs(env, programs),
		.cgroup_fd = r->targets.cgroup_fd,
	};

	k.config.self_tgid = (uint32_t)getpid();
	k.config.idle = r->o.idle;
	k.config.max_depth = r->o.max_depth;
	k.config.by_task = env->by_task;
	k.config.by_uid = r->o.user != NULL;
	k.config.uid = r->targets.uid;
	k.config.by_cgroup = r->o.cgroup != NULL;
	k.config.cgroup_id = r->targets.cgroup_id;
	k.config.user_stacks = !r->o.no_user;
	k.config.kernel_stacks = !r->o.no_kernel;
	k.config.want_cpu = r->o.want_cpu;
	k.config.block_ns = r->o.journal ? JOURNAL_BLOCK_NS : r->identity.block_ns;
	k.config.block_start_ns = r->identity.block_start_ns;
	k.config.by_tables = env->by_tables;
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
		snprintf(r->refused, sizeof(r->refused), "without privileges");
	else
		snprintf(r->refused, sizeof(r->refused),
			 "the kernel refused cprof's programs (%.300s)", cause->what);
	log_warn("%s: sampling by perf; what lies deeper than %u KiB of stack is missing, and at "
		 "high "
		 "rates samples are",
		 r->refused, own_stack_bytes(r->o.frequency_hz) / 1024);
	log_warn("to sample in the kernel: %s", cause->cure);
}

/* Sampling in the kernel, or, where that is refused, by perf alone. */
static int choose_sources(struct recording *r, struct images *images, struct err *err)
{
	enum refusal refusal = REFUSAL_none;
	struct source_env env;
	struct err cause;

	if (targets_check_namespace(err))
		return err->code;
	sources_env(r, &env);
	if (!load_kernel(r, &env, &refusal, err)) {
		env.kernel = r->kernel;
		env.kernel_image = images_kernel(images);
		sources_open(&r->sources, &env, IN_KERNEL);
		return 0;
	}
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
	sources_open(&r->sources, &env, BY_PERF);
	return 0;
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

/* One that has gone meanwhile is no failure: follow_hotplug() looks whether it comes back. */
static int open_cpus(struct recording *r, struct err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < r->online.n; i++) {
		int cpu = r->online.cpus[i];

		if (!sources_add_cpu(&r->sources, cpu, err)) {
			r->online.cpus[n++] = cpu;
			continue;
		}
		if (cpu_is_online(cpu))
			return err->code;
		sources_remove_cpu(&r->sources, cpu);
		*err = (struct err){0};
	}
	r->online.n = n;
	return 0;
}

static int poll_set(struct recording *r, struct err *err)
{
	struct epoll_event e = {.events = EPOLLIN};

	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (r->epoll_fd < 0)
		return err_set(err, -errno, "cannot wait for samples");
	if (sources_poll(&r->sources, r->epoll_fd, err))
		return err->code;
	r->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (r->timer_fd < 0 || epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, r->timer_fd, &e) < 0)
		return err_set(err, -errno, "cannot set a timer");
	if (ingest_wait_fd(r->ingest) >= 0)
		epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, ingest_wait_fd(r->ingest), &e);
	return 0;
}

static int recording_set_up(struct recording *r, struct images *images, struct err *err)
{
	struct ingest_options ingest = {.identity = &r->identity,
					.by_tables = walks_by_tables(r),
					.max_depth = r->o.max_depth,
					.columns = r->columns,
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
	if (find_cpus(r, err) || choose_sources(r, images, err))
		return err->code;
	r->ingest = ingest_new(r->p, images, r->kernel, &ingest);
	ingest_set_rate(r->ingest, r->o.frequency_hz, monotonic_ns());
	if (targets_add(&r->targets, &r->o, &r->sources, r->launch.pid, err) || open_cpus(r, err) ||
	    poll_set(r, err))
		return err->code;
	/* `cpu` is known by now to be cycles or the clock. */
	for (size_t i = 0; i < r->o.n_events; i++)
		columns_add(&r->columns[i], r->p, &r->o.events[i], i, r->o.frequency_hz,
			    r->o.period);
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
	if (recording_set_up(r, images, err)) {
		recording_free(r);
		return NULL;
	}
	return r;
}

void recording_free(struct recording *r)
{
	if (!r)
		return;
	sources_release(&r->sources);
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
	sources_start(&r->sources);
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
		sources_remove_cpu(&r->sources, r->online.cpus[i]);
	}
	for (size_t i = 0; i < now.n; i++) {
		if (cpu_list_has(&r->online, now.cpus[i]))
			continue;
		if (sources_add_cpu(&r->sources, now.cpus[i], &err))
			log_warn("CPU %d came online and is not sampled: %s", now.cpus[i],
				 err.what);
		else
			sources_poll(&r->sources, r->epoll_fd, &err);
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
	const struct source_visit visit = {ingest_record, ingest_side, r->ingest};
	struct pollfd table = {ingest_wait_fd(r->ingest), POLLIN, 0};
	bool done;

	for (;;) {
		sources_read(&r->sources, &visit);
		done = ingest_until(r->ingest, until);
		if (done || !wait)
			break;
		poll(&table, 1, TABLE_POLL_MS);
	}
	look_again(r);
}

int recording_poll(struct recording *r, struct err *err)
{
	uint64_t now = monotonic_ns();

	take_in(r, now - SETTLE_NS, false);
	if (now - r->hotplug_ns > HOTPLUG_NS)
		follow_hotplug(r);
	if ((sources_counts_used(&r->sources) > MAX_COUNTS / 2 || now - r->drained_ns > DRAIN_NS) &&
	    recording_drain(r, err))
		return err->code;
	if (launch_ended(&r->launch) && r->o.command_is_clock)
		return 1;
	return targets_by_task(&r->targets) && !sources_are_alive(&r->sources);
}

int recording_drain(struct recording *r, struct err *err)
{
	uint64_t until;
	bool cleared;
	int code;

	r->drained_ns = monotonic_ns();
	cleared = sources_flip(&r->sources, r->stopped);
	/* What was counted has its stacks in the ring by now. */
	until = r->stopped ? UINT64_MAX : monotonic_ns();
	take_in(r, until, true);
	code = sources_read_counts(&r->sources, until, ingest_count, r->ingest);
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
	return self_cpu_s() - r->cpu_s_before + (double)sources_cost_ns(&r->sources) / 1e9;
}

static bool is_estimated(const struct recording *r)
{
	for (size_t i = 0; i < r->o.n_events; i++)
		if (columns_are_estimated(&r->columns[i]))
			return true;
	return false;
}

int recording_set_rate(struct recording *r, uint64_t frequency_hz, struct err *err)
{
	bool drains = r->started_ns && is_estimated(r);
	int code;

	if (frequency_hz == r->o.frequency_hz || !sources_have_rates(&r->sources))
		return 0;
	/* Where values are made from the rate, what was counted belongs to that it was counted at.
	 */
	if (drains)
		sources_stop(&r->sources);
	code = drains ? recording_drain(r, err) : 0;
	if (!code)
		code = sources_set_rate(&r->sources, frequency_hz, err);
	if (drains)
		sources_start(&r->sources);
	if (code)
		return code;
	r->o.frequency_hz = frequency_hz;
	ingest_set_rate(r->ingest, frequency_hz, monotonic_ns());
	return 0;
}

const struct columns *recording_columns(const struct recording *r, size_t event)
{
	return &r->columns[event];
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
	sources_stop(&r->sources);
	r->stopped = true;
	r->stopped_ns = monotonic_ns();
	/* Without targets left the command is exiting: its status is a moment away. */
	if (targets_by_task(&r->targets) && !r->o.command_is_clock &&
	    !sources_are_alive(&r->sources))
		launch_wait(&r->launch);
	else
		launch_ended(&r->launch);
	code = recording_drain(r, err);
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

static void account_losses(const struct recording *r, struct account *a)
{
	uint64_t throttled = throttled_samples(r, a);

	sources_account(&r->sources, r->stopped, a);
	a->lost += throttled;
	account_add(&a->lost_by_reason, "throttled by the kernel", throttled);
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
	a->machine_cpu_s = a->duration_s * (double)r->online.n;
	recording_event_text(r, a->event, sizeof(a->event));
	memcpy(a->refused, r->refused, sizeof(a->refused));
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
	events_describe(r->o.events, r->o.n_events, r->o.frequency_hz, r->o.period,
			sources_manner(&r->sources), buf, size);
}
