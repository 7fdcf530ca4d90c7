/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording: fills a profile from a running system. */
#include "collect/recording.h"

#include "base/broker.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/self.h"
#include "collect/ingest.h"
#include "collect/launch.h"
#include "collect/online.h"
#include "collect/publish.h"
#include "collect/sampler.h"
#include "collect/side.h"
#include "proc/procfs.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* Records of the last moments may still be on their way on another CPU. */
#define SETTLE_NS 2000000ull
/* Processes that ended are forgotten when their counts are in. */
#define DRAIN_NS 10000000000ull

/* The rings go on filling while a table is built. */
enum { TABLE_POLL_MS = 5 };

struct recording {
	struct recording_options o;
	struct identity_options identity;
	struct profile *p;
	struct targets targets;
	struct side side;
	struct ingest *ingest;
	struct columns columns[RECORDING_MAX_EVENTS];
	struct launch launch;
	struct online online;
	struct runtimes *runtimes; /* NULL: samples are worth their periods */
	int epoll_fd, timer_fd;
	uint64_t started_ns, stopped_ns, drained_ns;
	double cpu_s_before;
	uint64_t given_up_before; /* reads, by others than us */
	const struct images *images;
	bool stopped;
};

/* -- set-up -- */

static int poll_set(struct recording *r, struct err *err)
{
	struct epoll_event e = {.events = EPOLLIN};

	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (r->epoll_fd < 0)
		return err_set(err, -errno, "cannot wait for samples");
	if (sources_poll(&r->side.sources, r->epoll_fd, err))
		return err->code;
	r->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (r->timer_fd < 0 || epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, r->timer_fd, &e) < 0)
		return err_set(err, -errno, "cannot set a timer");
	if (ingest_wait_fd(r->ingest) >= 0)
		epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, ingest_wait_fd(r->ingest), &e);
	return 0;
}

/* A thread's samples are worth what it has run, where all that it runs is sampled. */
static void set_scale(struct recording *r)
{
	uint32_t scaled = 0;

	for (size_t i = 0; i < r->o.n_events; i++) {
		const struct event *e = &r->o.events[i];

		if (e->value == EVENT_CLOCK && !e->exclude_user && !e->exclude_kernel)
			scaled |= 1u << i;
	}
	if (!scaled || r->o.no_scale || r->o.cpus || !r->side.kernel)
		return;
	r->runtimes = runtimes_new(!r->o.user && !r->o.cgroup, clock_ns(CLOCK_BOOTTIME));
	ingest_scale(r->ingest, r->runtimes, scaled);
	profile_add_comment(r->p,
			    "what a thread's samples of the clock are worth is scaled to how "
			    "long it has run by the kernel's account (--no-scale: it is not)");
}

/* What runs already, as far as it may be sampled. */
static void read_runtimes(struct recording *r)
{
	if (!r->runtimes || r->o.user || r->o.cgroup)
		return;
	if (targets_by_task(&r->targets) && !r->targets.n_processes)
		return;
	runtimes_begin(r->runtimes, r->targets.processes, r->targets.n_processes);
}

static int recording_set_up(struct recording *r, struct images *images, struct err *err)
{
	const struct side_options side = {&r->o, &r->targets, &r->online.cpus, &r->identity};
	struct ingest_options ingest = {.identity = &r->identity,
					.by_tables = side_walks_by_tables(&r->o),
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
	if (online_find(&r->online, &r->targets.cpus, err) ||
	    side_open(&r->side, &side, images, err))
		return err->code;
	r->ingest = ingest_new(r->p, images, r->side.kernel, &ingest);
	ingest_set_rate(r->ingest, r->o.frequency_hz, monotonic_ns());
	if (targets_add(&r->targets, &r->o, &r->side.sources, r->launch.pid, err) ||
	    online_open(&r->online, &r->side.sources, err) || poll_set(r, err))
		return err->code;
	/* `cpu` is known by now to be cycles or the clock. */
	for (size_t i = 0; i < r->o.n_events; i++)
		columns_add(&r->columns[i], r->p, &r->o.events[i], i, r->o.frequency_hz,
			    r->o.period);
	set_scale(r);
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
	r->given_up_before = broker_given_up();
	r->images = images;
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
	ingest_free(r->ingest);
	runtimes_free(r->runtimes);
	side_release(&r->side);
	launch_release(&r->launch);
	targets_release(&r->targets);
	online_release(&r->online);
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
	read_runtimes(r);
	r->identity.started_ns = r->started_ns = r->drained_ns = monotonic_ns();
	if (sources_start(&r->side.sources, err))
		return err->code;
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
		sources_read(&r->side.sources, &visit);
		done = ingest_until(r->ingest, until);
		if (done || !wait)
			break;
		if (ingest_waits(r->ingest))
			poll(&table, 1, TABLE_POLL_MS);
	}
	look_again(r);
}

int recording_poll(struct recording *r, struct err *err)
{
	uint64_t now = monotonic_ns();

	take_in(r, now - SETTLE_NS, false);
	online_follow(&r->online, &r->side.sources, r->epoll_fd, now);
	if ((sources_counts_used(&r->side.sources) > MAX_COUNTS / 2 ||
	     now - r->drained_ns > DRAIN_NS) &&
	    recording_drain(r, err))
		return err->code;
	if (launch_ended(&r->launch) && r->o.command_is_clock)
		return 1;
	return targets_by_task(&r->targets) && !sources_are_alive(&r->side.sources);
}

int recording_drain(struct recording *r, struct err *err)
{
	uint64_t until;
	bool cleared;
	int code;

	r->drained_ns = monotonic_ns();
	cleared = sources_flip(&r->side.sources, r->stopped);
	/* What was counted has its stacks in the ring by now. */
	until = r->stopped ? UINT64_MAX : monotonic_ns();
	take_in(r, until, true);
	code = sources_read_counts(&r->side.sources, until, ingest_count, r->ingest);
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
	return self_cpu_s() - r->cpu_s_before + (double)sources_cost_ns(&r->side.sources) / 1e9;
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

	if (frequency_hz == r->o.frequency_hz || !sources_have_rates(&r->side.sources))
		return 0;
	/* Where values are made from the rate, what was counted belongs to that it was counted at.
	 */
	if (drains)
		sources_pause(&r->side.sources);
	code = drains ? recording_drain(r, err) : 0;
	if (!code)
		code = sources_set_rate(&r->side.sources, frequency_hz, err);
	if (!code) {
		r->o.frequency_hz = frequency_hz;
		ingest_set_rate(r->ingest, frequency_hz, monotonic_ns());
	}
	if (drains && sources_resume(&r->side.sources, err))
		return err->code;
	return code;
}

const struct event *recording_events(const struct recording *r)
{
	return r->o.events;
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
	sources_stop(&r->side.sources);
	r->stopped = true;
	r->stopped_ns = monotonic_ns();
	if (r->runtimes)
		runtimes_end(r->runtimes);
	/* Without targets left the command is exiting: its status is a moment away. */
	if (targets_by_task(&r->targets) && !r->o.command_is_clock &&
	    !sources_are_alive(&r->side.sources))
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
	double seen = (double)a->samples / MAX(seconds, 1e-3) / (double)MAX(r->online.cpus.n, 1u);

	return ingest_throttled(r->ingest, now, seen);
}

static void account_losses(const struct recording *r, struct account *a)
{
	uint64_t throttled = throttled_samples(r, a);

	sources_account(&r->side.sources, r->stopped, a);
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
	a->reads_given_up = broker_given_up() - r->given_up_before;
	a->code_maps_cut = images_code(r->images)->n_full;
	a->duration_s = (double)(end - r->started_ns) / 1e9;
	a->overhead_cpu_s = recording_cost_s(r);
	a->machine_cpu_s = a->duration_s * (double)r->online.cpus.n;
	recording_event_text(r, a->event, sizeof(a->event));
	memcpy(a->refused, r->side.refused, sizeof(a->refused));
	if (r->launch.pid) {
		launch_describe(&r->launch, &status);
		snprintf(a->command_status, sizeof(a->command_status), "%s", status.text);
	}
}

void recording_kill_command(struct recording *r)
{
	launch_tell_to_end(&r->launch);
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
			sources_manner(&r->side.sources), buf, size);
}
