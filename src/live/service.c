/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A profiler that runs for weeks. */
#include "live/service.h"

#include "analysis/coverage.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/self.h"
#include "collect/ingest.h"
#include "collect/sampler.h"
#include "live/addresses.h"
#include "live/budget.h"
#include "live/session.h"
#include "live/threads.h"
#include "live/past.h"
#include "live/usage.h"
#include "live/window.h"
#include "proc/procfs.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

enum {
	LEAST_ENTRIES = 256 << 10,
	MAX_SECONDS = 4096, /* whose losses are remembered */
	LARGE_BYTES = 128 << 10,
};

/* Parts of the memory that may be used: of the profile that runs, of all profiles, of the journal.
 */
enum { PROFILE_PART = 4, PROFILES_PART = 3, JOURNAL_PART = 8, CODE_PART = 8 };

/* When all of our memory has reached its bound (most of it is names of what runs) everything is
 * begun anew; not more often than this. */
#define RENEW_NS 20000000000ull
#define TRIM_NS  30000000000ull

struct service {
	struct history history; /* first: a history is its service */
	struct service_options o;
	struct session now;
	struct budget budget;
	struct past past;
	struct snapshotter *snapshotter; /* NULL: not asked for yet */
	struct resolved *resolved;       /* for snapshots; of `now` */
	size_t open;                     /* windows that are waited for */
	uint64_t oldest_entry;           /* of theirs */
	size_t n_cpus;
	struct account before; /* of sessions that are over */
	struct history_status status;
	struct usage usage;
	uint64_t used; /* entries that are in `usage` */
	uint64_t renewed_ns, trimmed_ns;
	uint64_t map_bytes; /* of the kernel's maps */
	uint64_t room;      /* of the memory that may be used, what is left for all that grows */
	struct {
		uint64_t at_ns, lost;
	} losses[MAX_SECONDS]; /* a ring: what was lost until then */
	uint64_t n_losses;
};

/* -- the recording -- */

static uint64_t wanted_rate(const struct service *s)
{
	return s->open ? s->o.recording.frequency_hz : s->o.history_hz;
}

/* The kernel may have lowered its limit by itself. */
static void clamp_rate(struct service *s)
{
	struct err problem = {0};

	if (!sampler_check_rate(s->o.recording.frequency_hz, &problem))
		return;
	log_warn("%s: profiles are sampled at %d Hz", problem.what, DEFAULT_HZ);
	s->o.recording.frequency_hz = DEFAULT_HZ;
}

/* The program itself and the kernel's maps are there whatever is sampled. */
static void measure_room(struct service *s)
{
	uint64_t shared, fixed;

	self_resident_bytes(&shared);
	fixed = shared + s->map_bytes;
	s->room = MAX(s->o.memory_bytes - MIN(fixed, s->o.memory_bytes), s->o.memory_bytes / 4);
}

static int open_session(struct service *s, struct err *err)
{
	if (s->past.n_eras)
		clamp_rate(s);
	if (session_open(&s->now, &s->o.recording, &s->o.names, err))
		return err->code;
	s->map_bytes = self_map_bytes();
	measure_room(s);
	images_bound(s->now.images, s->room / CODE_PART);
	if (s->budget.started_ns)
		budget_continue(&s->budget, s->now.recording);
	else
		budget_start(&s->budget, s->o.recording.budget_share, s->now.recording);
	if (budget_set_rate(&s->budget, s->now.recording, wanted_rate(s), err))
		return err->code;
	past_begin_era(&s->past, s->now.profile, s->now.recording);
	s->resolved = resolved_new(s->now.profile, s->now.images, MAX_USER_FRAMES, true);
	return recording_start(s->now.recording, err);
}

/* Everything anew, but for the journal and the profiles it refers to. */
static int renew(struct service *s, struct err *err)
{
	uint64_t stopped_ns, missed;

	if (recording_stop(s->now.recording, err))
		return err->code;
	stopped_ns = monotonic_ns();
	session_name(&s->now);
	symbolize_generated(s->now.symbolizer, s->now.profile, s->now.images);
	account_sum(&s->before, &s->now.profile->account);
	resolved_free(s->resolved);
	s->resolved = NULL;
	s->now.profile = NULL; /* the era's now */
	session_release(&s->now);
	malloc_trim(0); /* to load programs takes some */
	if (open_session(s, err))
		return err->code;
	malloc_trim(0);
	s->status.renewals++;
	s->renewed_ns = monotonic_ns();
	/* Nothing was sampled meanwhile: that is said, as of a machine that was busy. */
	missed = (s->renewed_ns - stopped_ns) * wanted_rate(s) * s->n_cpus / 1000000000;
	s->before.lost += missed;
	account_add(&s->before.lost_by_reason, "begun anew to bound memory", missed);
	log_debug(
		"begun anew in %llu ms, with a profile of %llu MiB",
		(unsigned long long)((s->renewed_ns - stopped_ns) / 1000000),
		(unsigned long long)(past_profile_bytes(s->past.eras[s->past.n_eras - 2].p) >> 20));
	return 0;
}

static int service_take(struct history *h, struct err *err)
{
	int code = recording_poll(((struct service *)h)->now.recording, err);

	return code < 0 ? code : 0;
}

static int service_wait_fd(struct history *h)
{
	return recording_wait_fd(((struct service *)h)->now.recording);
}

static int demand(struct history *h, size_t open, uint64_t oldest_entry, struct err *err)
{
	struct service *s = (struct service *)h;

	s->open = open;
	s->oldest_entry = oldest_entry;
	if (budget_set_rate(&s->budget, s->now.recording, wanted_rate(s), err)) {
		log_warn("the rate stays at %llu Hz: %s",
			 (unsigned long long)recording_rate(s->now.recording), err->what);
		*err = (struct err){0};
	}
	return 0;
}

/* -- what the journal is good for -- */

static void add_entry_usage(struct service *s, uint64_t i, uint64_t now)
{
	const struct journal_entry *e = journal_at(s->past.journal, i);
	const struct era *era = past_era(&s->past, i);
	const struct label *l = profile_label(era->p, e->labels, era->cgroup);
	int64_t values[MAX_VALUE_TYPES] = {0};

	if (e->event || era->cpu_column == NO_ID)
		return;
	columns_fill(&era->columns, e, values);
	usage_add(&s->usage, l ? profile_text(era->p, l->text) : "/",
		  (uint64_t)values[era->cpu_column], now);
}

/* CPU time by cgroup, of what came in since the last time. */
static void add_usage(struct service *s, uint64_t now)
{
	for (uint64_t i = MAX(s->used, journal_first(s->past.journal));
	     i < journal_end(s->past.journal); i++)
		add_entry_usage(s, i, now);
	s->used = journal_end(s->past.journal);
}

static const struct history_status *status(struct history *h)
{
	struct service *s = (struct service *)h;
	struct account part = {0};
	uint64_t now = monotonic_ns();

	recording_account(s->now.recording, &part);
	account_release(&s->status.account);
	account_sum(&s->status.account, &s->before);
	account_sum(&s->status.account, &part);
	account_release(&part);
	s->status.rate_hz = recording_rate(s->now.recording);
	budget_account(&s->budget, s->now.recording, &s->status.account);
	s->status.history_ns = now - MIN(now, past_begin_ns(&s->past, s->status.started_ns));
	s->status.history_bytes = journal_bytes(s->past.journal);
	s->status.profile_bytes = past_profiles_bytes(&s->past);
	s->status.frames = s->now.profile->n_frames;
	s->status.stacks = s->now.profile->stacks.n;
	s->status.usage = s->usage.groups;
	s->status.n_usage = s->usage.n;
	s->status.usage_is_cut = s->usage.is_cut;
	return &s->status;
}

/* Frames, and how many have a name, of the entries of one profile. */
static void add_frames(struct service *s, const struct era *e, uint64_t first, uint64_t end,
		       struct account *a)
{
	auto_free int64_t *weight = mem_array(e->p->stacks.n, sizeof(*weight));

	for (uint64_t i = first; i < end; i++) {
		const struct journal_entry *entry = journal_at(s->past.journal, i);

		if (entry->stack != NO_ID)
			weight[entry->stack] += (int64_t)entry->samples;
	}
	coverage_add(e->p, weight, a);
}

static const struct account *summary(struct history *h)
{
	struct service *s = (struct service *)h;
	uint64_t first = journal_first(s->past.journal), end = journal_end(s->past.journal);

	session_name(&s->now);
	status(h);
	for (size_t i = 0; i < s->past.n_eras; i++) {
		uint64_t next = i + 1 < s->past.n_eras ? s->past.eras[i + 1].first : end;

		add_frames(s, &s->past.eras[i], MAX(first, s->past.eras[i].first), next,
			   &s->status.account);
	}
	return &s->status.account;
}

static void remember_losses(struct service *s, uint64_t now)
{
	size_t at = s->n_losses++ % MAX_SECONDS;

	s->losses[at].at_ns = now;
	s->losses[at].lost = status(&s->history)->account.lost;
}

/* What had been lost at a time, as far as that is remembered. */
static uint64_t lost_until(const struct service *s, uint64_t ns)
{
	uint64_t oldest = s->n_losses > MAX_SECONDS ? s->n_losses - MAX_SECONDS : 0;
	uint64_t lost = 0;

	for (uint64_t i = oldest; i < s->n_losses && s->losses[i % MAX_SECONDS].at_ns <= ns; i++)
		lost = s->losses[i % MAX_SECONDS].lost;
	return lost;
}

/* Memory that is ours alone. */
static uint64_t own_bytes(void)
{
	uint64_t shared, resident = self_resident_bytes(&shared);

	return resident - shared;
}

/* What files gave (names, their tables) can be had again. */
static void make_room(struct service *s, uint64_t now)
{
	if (own_bytes() > s->room / 2) {
		session_name(&s->now);
		images_rest_all(s->now.images);
	}
	malloc_trim(0);
	s->trimmed_ns = now;
}

static bool service_is_too_large(struct service *s, uint64_t now)
{
	measure_room(s); /* pages of tables, which the kernel shares, come as they are used */
	if (past_profile_bytes(s->now.profile) > s->room / PROFILE_PART * (s->open ? 2 : 1))
		return true;
	if (now - s->trimmed_ns > TRIM_NS || own_bytes() > s->room / 2)
		make_room(s, now);
	/* While somebody waits for a window, only if it must be. */
	if (now - s->renewed_ns < RENEW_NS)
		return false;
	return own_bytes() > (s->open ? s->room / 4 * 5 : s->room);
}

static int tick(struct history *h, struct err *err)
{
	struct service *s = (struct service *)h;
	uint64_t now = monotonic_ns(), first = journal_first(s->past.journal);

	add_usage(s, now);
	remember_losses(s, now);
	while (first < journal_end(s->past.journal) && !(s->open && first >= s->oldest_entry) &&
	       past_entry_end_ns(&s->past, first) + s->o.history_ns < now)
		first++;
	past_forget(&s->past, first, s->room / PROFILES_PART);
	symbolizer_watch(s->now.symbolizer, s->now.images);
	if (budget_look(&s->budget, s->now.recording, err))
		return err->code;
	return service_is_too_large(s, now) ? renew(s, err) : 0;
}

/* -- windows -- */

static int mark(struct history *h, struct history_mark *ret, struct err *err)
{
	struct service *s = (struct service *)h;

	if (recording_drain(s->now.recording, err))
		return err->code;
	status(h);
	*ret = (struct history_mark){.entry = journal_end(s->past.journal),
				     .time_ns = recording_drained_ns(s->now.recording),
				     .lost = s->status.account.lost,
				     .overhead_cpu_s = s->status.account.overhead_cpu_s};
	return 0;
}

static void finish_account(struct service *s, const struct history_window *w, struct account *a)
{
	uint64_t before = w->by_time ? lost_until(s, w->from.time_ns) : w->from.lost;
	uint64_t after = w->by_time ? lost_until(s, w->to.time_ns) : w->to.lost;

	a->duration_s = (double)(w->to.time_ns - w->from.time_ns) / 1e9;
	recording_event_text(s->now.recording, a->event, sizeof(a->event));
	if (after > before) {
		a->lost += after - before;
		account_add(&a->lost_by_reason, "of the whole machine, in that time",
			    after - before);
	}
	if (w->by_time)
		return;
	a->overhead_cpu_s = w->to.overhead_cpu_s - w->from.overhead_cpu_s;
	a->machine_cpu_s = a->duration_s * (double)s->n_cpus;
	a->kernel_cost_unknown = s->status.account.kernel_cost_unknown;
	memcpy(a->way, s->status.account.way, sizeof(a->way));
}

static bool has(struct history *h, const char *event)
{
	const struct service *s = (struct service *)h;

	return window_has(s->o.recording.events, s->o.recording.n_events, event);
}

static int service_window(struct history *h, const struct history_window *w, struct profile *ret,
			  struct err *err)
{
	struct service *s = (struct service *)h;
	const struct window_place at = {
		.past = &s->past,
		.events = recording_events(s->now.recording),
		.n_events = s->o.recording.n_events,
		.frequency_hz = s->o.recording.frequency_hz,
		.period = s->o.recording.period,
		.history_hz = s->o.history_hz,
		.started_ns = s->status.started_ns,
		.now_ns = monotonic_ns(),
	};
	struct history_window aligned;

	if (!has(h, w->event))
		return err_set(err, -ENOENT, "no %s is recorded", w->event);
	session_name(&s->now);
	symbolize_generated(s->now.symbolizer, s->now.profile, s->now.images);
	window_copy(&at, w, &aligned, ret);
	finish_account(s, &aligned, &ret->account);
	coverage_count(ret, &ret->account);
	return 0;
}

/* -- threads -- */

static int threads(struct history *h, pid_t pid, struct profile *ret, struct err *err)
{
	struct service *s = (struct service *)h;
	struct snapshot_place place = {.images = s->now.images, .resolved = s->resolved};

	if (!s->snapshotter)
		s->snapshotter = snapshotter_new(err);
	if (!s->snapshotter)
		return err->code;
	recording_place(s->now.recording, &place);
	session_name(&s->now);
	if (threads_take(s->snapshotter, &place, s->now.symbolizer, pid, ret, err))
		return err->code;
	s->now.named = (frame_id)s->now.profile->n_frames;
	return 0;
}

static int names(struct history *h, pid_t pid, const uint64_t *addresses, size_t n, struct str *ret)
{
	struct service *s = (struct service *)h;
	const struct image *kernel = images_kernel(s->now.images);

	addresses_name(&s->o.names, kernel, pid, addresses, n, ret);
	return 0;
}

static void service_free(struct history *h)
{
	struct service *s = (struct service *)h;

	snapshotter_free(s->snapshotter);
	resolved_free(s->resolved);
	past_release(&s->past, s->now.profile);
	session_release(&s->now);
	usage_release(&s->usage);
	account_release(&s->before);
	account_release(&s->status.account);
	free(s);
}

static size_t journal_entries(const struct service *s)
{
	uint64_t wanted = s->o.history_ns / 1000000000 * s->o.history_hz * s->n_cpus * 2;
	uint64_t most = s->o.memory_bytes / JOURNAL_PART / sizeof(struct journal_entry);

	return (size_t)MIN(MAX(wanted, (uint64_t)LEAST_ENTRIES), most);
}

struct history *service_new(const struct service_options *o, struct err *err)
{
	struct service *s = mem_alloc(sizeof(*s));
	struct cpu_list cpus = {0};

	/* What is large goes back to the system when it is freed, whichever thread had it. */
	mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	mallopt(M_TRIM_THRESHOLD, LARGE_BYTES);
	mallopt(M_ARENA_MAX, 1);
	cpu_list_online(&cpus);
	s->n_cpus = MAX(cpus.n, (size_t)1);
	cpu_list_release(&cpus);
	s->o = *o;
	s->usage.most = o->most_groups;
	s->past.journal = journal_new(journal_entries(s));
	s->o.recording.journal = s->past.journal;
	s->status.started_ns = monotonic_ns();
	s->history = (struct history){
		.wait_fd = service_wait_fd,
		.take = service_take,
		.mark = mark,
		.has = has,
		.window = service_window,
		.demand = demand,
		.threads = threads,
		.names = names,
		.tick = tick,
		.status = status,
		.summary = summary,
		.free = service_free,
	};
	if (open_session(s, err)) {
		service_free(&s->history);
		return NULL;
	}
	snprintf(s->history.title, sizeof(s->history.title), "the whole machine");
	return &s->history;
}
