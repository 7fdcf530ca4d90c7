/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A profiler that runs for weeks. */
#include "live/service.h"

#include "analysis/coverage.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "collect/identity.h"
#include "collect/ingest.h"
#include "live/budget.h"
#include "live/session.h"
#include "live/threads.h"
#include "proc/procfs.h"
#include "profile/copy.h"
#include "symbolize/disassemble.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	LEAST_ENTRIES = 256 << 10,
	MAX_LABELS = 12,
};

/* Parts of the memory that may be used: of the profile that runs, of all profiles, of the journal.
 */
enum { PROFILE_PART = 8, PROFILES_PART = 4, JOURNAL_PART = 8 };

/* When all of our memory has reached its bound (most of it is names of what runs) everything is
 * begun anew; not more often than this. */
#define RENEW_NS 60000000000ull
#define TRIM_NS  30000000000ull

/* A profile that entries of the journal refer to. */
struct era {
	struct profile *p;
	uint64_t first; /* its first entry */
	uint64_t blocks_start_ns;
	struct event_columns columns[RECORDING_MAX_EVENTS];
	string_id pid, cgroup, container; /* keys of labels */
};

struct service {
	struct feed feed; /* first: a feed is its service */
	struct service_options o;
	struct session now;
	struct budget budget;
	struct journal *journal;
	struct era *eras; /* the last one is that of `now` */
	size_t n_eras, cap_eras;
	struct snapshotter *snapshotter; /* NULL: not asked for yet */
	struct resolved *resolved;       /* for snapshots; of `now` */
	size_t open;                     /* windows that are waited for */
	uint64_t oldest_entry;           /* of theirs */
	size_t n_cpus;
	struct account before; /* of sessions that are over */
	struct feed_status status;
	struct feed_usage *usage;
	size_t n_usage, cap_usage;
	struct map usage_map;
	uint64_t used; /* entries that are in `usage` */
	uint64_t renewed_ns, trimmed_ns;
	struct space asked; /* whose addresses were named last */
	uint64_t asked_ns;
};

/* -- eras -- */

static struct era *era_of(struct service *s, uint64_t entry)
{
	size_t i = s->n_eras - 1;

	while (i && entry < s->eras[i].first)
		i--;
	return &s->eras[i];
}

static void begin_era(struct service *s)
{
	struct strings *strings = &s->now.profile->strings;
	struct era *e;

	array_reserve(s->eras, s->cap_eras, s->n_eras + 1);
	e = &s->eras[s->n_eras++];
	*e = (struct era){
		.p = s->now.profile,
		.first = journal_end(s->journal),
		.blocks_start_ns = recording_blocks_start_ns(s->now.recording),
		.pid = strings_add(strings, "pid"),
		.cgroup = strings_add(strings, "cgroup"),
		.container = strings_add(strings, "container"),
	};
	for (size_t i = 0; i < s->o.recording.n_events; i++)
		e->columns[i] = *recording_columns(s->now.recording, i);
}

static void profile_free(struct profile *p)
{
	if (p)
		profile_release(p);
	free(p);
}

static uint64_t profile_bytes(const struct profile *p)
{
	return p->strings.n * 64 + p->n_frames * (sizeof(struct frame) + 16) + p->stacks.n * 8 +
	       p->n_labels * sizeof(struct label) + p->n_label_sets * 24;
}

static uint64_t profiles_bytes(const struct service *s)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < s->n_eras; i++)
		bytes += profile_bytes(s->eras[i].p);
	return bytes;
}

/* Lets go of profiles that no entry refers to any more; of the oldest ones earlier, when together
 * they are too large. */
static void forget_eras(struct service *s)
{
	size_t gone = 0;

	if (s->n_eras > 1 && profiles_bytes(s) > s->o.memory_bytes / PROFILES_PART)
		journal_forget(s->journal, s->eras[1].first);
	while (gone + 1 < s->n_eras && s->eras[gone + 1].first <= journal_first(s->journal))
		profile_free(s->eras[gone++].p);
	memmove(s->eras, s->eras + gone, (s->n_eras - gone) * sizeof(*s->eras));
	s->n_eras -= gone;
}

/* -- the recording -- */

static uint64_t wanted_rate(const struct service *s)
{
	return s->open ? s->o.recording.frequency_hz : s->o.history_hz;
}

static int open_session(struct service *s, struct err *err)
{
	if (session_open(&s->now, &s->o.recording, &s->o.names, err) ||
	    recording_set_rate(s->now.recording, wanted_rate(s), err))
		return err->code;
	begin_era(s);
	s->resolved = resolved_new(s->now.profile, s->now.images, MAX_USER_FRAMES, true);
	budget_start(&s->budget, s->o.recording.budget_share, s->now.recording);
	return recording_start(s->now.recording, err);
}

static void add_reason(struct account_reasons *to, const char *text, uint64_t count)
{
	size_t i = 0;

	while (i < to->n && !str_equal(to->rows[i].text, text))
		i++;
	if (i < to->n)
		to->rows[i].count += count;
	else
		account_add(to, text, count);
}

static void add_reasons(struct account_reasons *to, const struct account_reasons *from)
{
	for (size_t i = 0; i < from->n; i++)
		add_reason(to, from->rows[i].text, from->rows[i].count);
}

static void add_account(struct account *to, const struct account *from)
{
	to->samples += from->samples;
	to->lost += from->lost;
	to->user_stacks += from->user_stacks;
	to->user_stacks_complete += from->user_stacks_complete;
	to->processes += from->processes;
	to->duration_s += from->duration_s;
	to->machine_cpu_s += from->machine_cpu_s;
	to->overhead_cpu_s += from->overhead_cpu_s;
	add_reasons(&to->lost_by_reason, &from->lost_by_reason);
	add_reasons(&to->cut_by_reason, &from->cut_by_reason);
	add_reasons(&to->unwind_ends, &from->unwind_ends);
}

/* Everything anew, but for the journal and the profiles it refers to. */
static int renew(struct service *s, struct err *err)
{
	uint64_t stopped_ns, missed;

	if (recording_stop(s->now.recording, err))
		return err->code;
	stopped_ns = monotonic_ns();
	session_name(&s->now);
	add_account(&s->before, &s->now.profile->account);
	resolved_free(s->resolved);
	s->resolved = NULL;
	free(s->asked.maps);
	s->asked = (struct space){0};
	s->now.profile = NULL; /* the era's now */
	session_release(&s->now);
	if (open_session(s, err))
		return err->code;
	s->status.renewals++;
	s->renewed_ns = monotonic_ns();
	/* Nothing was sampled meanwhile: that is said, as of a machine that was busy. */
	missed = (s->renewed_ns - stopped_ns) * wanted_rate(s) * s->n_cpus / 1000000000;
	s->before.lost += missed;
	add_reason(&s->before.lost_by_reason, "begun anew to bound memory", missed);
	log_debug("begun anew in %llu ms, with a profile of %llu MiB",
		  (unsigned long long)((s->renewed_ns - stopped_ns) / 1000000),
		  (unsigned long long)(profile_bytes(s->eras[s->n_eras - 2].p) >> 20));
	return 0;
}

static int take(struct feed *f, struct err *err)
{
	int code = recording_poll(((struct service *)f)->now.recording, err);

	return code < 0 ? code : 0;
}

static int fill(struct feed *f, struct err *err)
{
	struct service *s = (struct service *)f;

	if (recording_drain(s->now.recording, err))
		return err->code;
	session_name(&s->now);
	return 0;
}

static int wait_fd(struct feed *f)
{
	return recording_wait_fd(((struct service *)f)->now.recording);
}

static int demand(struct feed *f, size_t open, uint64_t oldest_entry, struct err *err)
{
	struct service *s = (struct service *)f;

	s->open = open;
	s->oldest_entry = oldest_entry;
	return budget_set_rate(&s->budget, s->now.recording, wanted_rate(s), err);
}

/* -- what the journal is good for -- */

static uint64_t entry_end_ns(struct service *s, uint64_t i)
{
	return era_of(s, i)->blocks_start_ns +
	       (journal_at(s->journal, i)->block + 1ull) * JOURNAL_BLOCK_NS;
}

static bool usage_equal(const void *ctx, uint32_t id, const void *key)
{
	return str_equal(((const struct service *)ctx)->usage[id].cgroup, key);
}

static struct feed_usage *usage_of(struct service *s, const char *cgroup)
{
	uint64_t hash = hash_bytes(cgroup, strlen(cgroup));
	uint32_t id = map_find(&s->usage_map, hash, usage_equal, s, cgroup);

	if (id != NO_ID)
		return &s->usage[id];
	if (s->n_usage >= s->o.most_groups) {
		s->status.usage_is_cut = true;
		return NULL;
	}
	array_reserve(s->usage, s->cap_usage, s->n_usage + 1);
	s->usage[s->n_usage] = (struct feed_usage){.cgroup = mem_strdup(cgroup)};
	container_of_cgroup(cgroup, s->usage[s->n_usage].container);
	map_add(&s->usage_map, hash, (uint32_t)s->n_usage);
	return &s->usage[s->n_usage++];
}

/* CPU time by cgroup, of what came in since the last time. */
static void add_usage(struct service *s)
{
	for (uint64_t i = MAX(s->used, journal_first(s->journal)); i < journal_end(s->journal);
	     i++) {
		const struct journal_entry *e = journal_at(s->journal, i);
		const struct era *era = era_of(s, i);
		const struct label *l = profile_label(era->p, e->labels, era->cgroup);
		struct feed_usage *u = usage_of(s, l ? profile_text(era->p, l->text) : "/");

		if (u && !e->event)
			u->cpu_ns += e->value;
	}
	s->used = journal_end(s->journal);
}

/* Memory that is ours alone. */
static uint64_t own_bytes(void)
{
	struct str text auto_release(str_release) = {0};
	unsigned long long all, resident, shared;

	if (file_read("/proc/self/statm", 256, &text) ||
	    sscanf(text.text, "%llu %llu %llu", &all, &resident, &shared) != 3)
		return 0;
	return (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static bool is_too_large(struct service *s, uint64_t now)
{
	if (profile_bytes(s->now.profile) > s->o.memory_bytes / PROFILE_PART * (s->open ? 2 : 1))
		return true;
	if (now - s->trimmed_ns > TRIM_NS) {
		malloc_trim(0);
		s->trimmed_ns = now;
	}
	return !s->open && now - s->renewed_ns > RENEW_NS && own_bytes() > s->o.memory_bytes;
}

static int tick(struct feed *f, struct err *err)
{
	struct service *s = (struct service *)f;
	uint64_t now = monotonic_ns(), first = journal_first(s->journal);

	add_usage(s);
	while (first < journal_end(s->journal) && !(s->open && first >= s->oldest_entry) &&
	       entry_end_ns(s, first) + s->o.history_ns < now)
		first++;
	journal_forget(s->journal, first);
	forget_eras(s);
	symbolizer_watch(s->now.symbolizer, s->now.images);
	if (budget_look(&s->budget, s->now.recording, err))
		return err->code;
	return is_too_large(s, now) ? renew(s, err) : 0;
}

static const struct feed_status *status(struct feed *f)
{
	struct service *s = (struct service *)f;
	uint64_t now = monotonic_ns();

	recording_account(s->now.recording);
	account_release(&s->status.account);
	s->status.account = (struct account){0};
	add_account(&s->status.account, &s->before);
	add_account(&s->status.account, &s->now.profile->account);
	account_sort(&s->status.account.lost_by_reason);
	account_sort(&s->status.account.unwind_ends);
	s->status.rate_hz = recording_rate(s->now.recording);
	budget_account(&s->budget, s->now.recording, &s->status.account);
	s->status.history_ns = 0;
	if (journal_first(s->journal) < journal_end(s->journal))
		s->status.history_ns = now - MIN(now, entry_end_ns(s, journal_first(s->journal)));
	s->status.history_bytes = journal_bytes(s->journal);
	s->status.profile_bytes = profiles_bytes(s);
	s->status.frames = s->now.profile->n_frames;
	s->status.stacks = s->now.profile->stacks.n;
	s->status.usage = s->usage;
	s->status.n_usage = s->n_usage;
	return &s->status;
}

/* -- windows -- */

static int mark(struct feed *f, struct feed_mark *ret, struct err *err)
{
	struct service *s = (struct service *)f;

	if (recording_drain(s->now.recording, err))
		return err->code;
	status(f);
	*ret = (struct feed_mark){.entry = journal_end(s->journal),
				  .time_ns = monotonic_ns(),
				  .lost = s->status.account.lost,
				  .overhead_cpu_s = s->status.account.overhead_cpu_s};
	return 0;
}

static bool is_in(struct service *s, const struct feed_window *w, uint64_t i)
{
	const struct journal_entry *e = journal_at(s->journal, i);
	const struct era *era = era_of(s, i);
	const struct label *pid;
	uint64_t end = era->blocks_start_ns + (e->block + 1ull) * JOURNAL_BLOCK_NS;

	/* A second belongs to the window that its end lies in; the one that goes on ends now. */
	if (w->by_time && (MIN(end, monotonic_ns()) <= w->from.time_ns ||
			   end > w->to.time_ns + JOURNAL_BLOCK_NS / 2))
		return false;
	if (!w->pid)
		return true;
	pid = profile_label(era->p, e->labels, era->pid);
	return pid && pid->number == w->pid;
}

/* Keeps the account of user stacks: what does not begin where the thread began is cut. */
static void count_stack(const struct profile *p, stack_id stack, uint64_t samples,
			struct account *a)
{
	const struct frame *root = NULL;

	for (; stack != NO_ID; stack = stacks_parent(&p->stacks, stack))
		root = &p->frames[stacks_item(&p->stacks, stack)];
	if (!root || root->kind == FRAME_KERNEL)
		return;
	a->user_stacks += samples;
	if (root->kind != FRAME_NOTE)
		a->user_stacks_complete += samples;
}

static void count_process(struct map64 *processes, const struct era *era, labels_id labels)
{
	const struct label *pid = profile_label(era->p, labels, era->pid);

	if (pid)
		map64_set(processes, (uint64_t)pid->number, 1);
}

static void copy_entry(const struct era *era, const struct journal_entry *e,
		       struct profile_copy *copy, const struct feed_window *w, struct profile *ret)
{
	struct label labels[MAX_LABELS];
	int64_t values[MAX_VALUE_TYPES] = {0};
	size_t n = profile_copy_labels(copy, e->labels, labels, MAX_LABELS - 1);

	if (w->trace_id)
		labels[n++] = (struct label){.key = strings_add(&ret->strings, "trace_id"),
					     .text = strings_add(&ret->strings, w->trace_id)};
	event_values(&era->columns[e->event], e, values);
	profile_add_sample(ret, profile_copy_stack(copy, e->stack),
			   profile_add_labels(ret, labels, n), values);
	ret->account.samples += e->samples;
	count_stack(era->p, e->stack, e->samples, &ret->account);
}

/* Columns, period and times of what is to be copied. */
static void begin_copy(struct service *s, const struct feed_window *w, struct profile *ret)
{
	const struct profile *p = s->now.profile;
	int64_t now_ns;
	struct timespec now;

	for (size_t i = 0; i < p->n_types; i++)
		profile_add_type(ret, profile_text(p, p->types[i].type),
				 profile_text(p, p->types[i].unit));
	ret->default_type = p->default_type;
	ret->period_type.type = strings_add(&ret->strings, profile_text(p, p->period_type.type));
	ret->period_type.unit = strings_add(&ret->strings, profile_text(p, p->period_type.unit));
	ret->period = p->period;
	clock_gettime(CLOCK_REALTIME, &now);
	now_ns = now.tv_sec * 1000000000ll + now.tv_nsec;
	ret->time_ns = now_ns - (int64_t)(monotonic_ns() - w->from.time_ns);
	ret->duration_ns = (int64_t)(w->to.time_ns - w->from.time_ns);
}

static void finish_account(struct service *s, const struct feed_window *w, size_t processes,
			   struct account *a)
{
	a->processes = processes;
	a->duration_s = (double)(w->to.time_ns - w->from.time_ns) / 1e9;
	recording_event_text(s->now.recording, a->event, sizeof(a->event));
	if (w->by_time)
		return;
	if (w->to.lost > w->from.lost)
		a->lost += w->to.lost - w->from.lost;
	a->overhead_cpu_s = w->to.overhead_cpu_s - w->from.overhead_cpu_s;
	a->machine_cpu_s = a->duration_s * (double)s->n_cpus;
}

static int window(struct feed *f, const struct feed_window *w, struct profile *ret, struct err *err)
{
	struct service *s = (struct service *)f;
	uint64_t i = journal_first(s->journal), end = journal_end(s->journal);
	struct map64 processes auto_release(map64_release) = {0};
	struct profile_copy *copy = NULL;
	const struct era *era = NULL;

	(void)err;
	session_name(&s->now);
	symbolize_generated(s->now.symbolizer, s->now.profile, s->now.images);
	begin_copy(s, w, ret);
	if (!w->by_time) {
		if (w->from.entry < i)
			ret->account.lost += i - w->from.entry;
		account_add(&ret->account.lost_by_reason, "journal full", ret->account.lost);
		i = MAX(i, w->from.entry);
		end = MIN(end, w->to.entry);
	}
	for (; i < end; i++) {
		if (!is_in(s, w, i))
			continue;
		if (era != era_of(s, i)) {
			era = era_of(s, i);
			profile_copy_free(copy);
			copy = profile_copy_new(era->p, ret);
		}
		copy_entry(era, journal_at(s->journal, i), copy, w, ret);
		count_process(&processes, era, journal_at(s->journal, i)->labels);
	}
	profile_copy_free(copy);
	finish_account(s, w, processes.used, &ret->account);
	coverage_count(ret, &ret->account);
	return 0;
}

/* -- threads -- */

static int threads(struct feed *f, pid_t pid, struct profile *ret, struct err *err)
{
	struct service *s = (struct service *)f;
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

/* Where code lies in a process that was asked for lately. */
static const struct space *space_now(struct service *s, pid_t pid)
{
	if (s->asked.pid == pid && monotonic_ns() - s->asked_ns < JOURNAL_BLOCK_NS)
		return &s->asked;
	free(s->asked.maps);
	s->asked = (struct space){.pid = pid};
	s->asked_ns = monotonic_ns();
	space_scan(&s->asked, s->now.images);
	return &s->asked;
}

/* The frame that an address of a process is in, as that of a stack of its own. */
static stack_id stack_at(struct service *s, pid_t pid, uint64_t address)
{
	struct captured *one = mem_alloc(sizeof(*one));
	const struct count_key key = {.tgid = (uint32_t)pid};
	bool missing;
	stack_id stack;

	one->frames[0] = address;
	one->n = 1;
	one->end = WALK_FIRST;
	stack = resolved_capture(s->resolved, one, space_now(s, pid), &key, monotonic_ns(), false,
				 &missing);
	free(one);
	return stack;
}

static int name(struct feed *f, pid_t pid, uint64_t address, struct str *ret)
{
	struct service *s = (struct service *)f;
	struct profile *p = s->now.profile;
	stack_id stack = stack_at(s, pid, address);
	const struct frame *frame;

	if (stack == NO_ID)
		return -ENOENT;
	session_name(&s->now);
	frame = &p->frames[stacks_item(&p->stacks, stack)];
	if (!frame->named || frame->kind == FRAME_NOTE)
		return -ENOENT;
	str_puts(ret, profile_text(p, frame->function));
	return 0;
}

static int annotate(struct feed *f, mapping_id mapping, uint64_t offset, struct code *ret,
		    struct err *err)
{
	struct service *s = (struct service *)f;

	return disassemble(&s->o.names, s->now.profile, mapping, offset, ret, err);
}

static void service_free(struct feed *f)
{
	struct service *s = (struct service *)f;

	snapshotter_free(s->snapshotter);
	resolved_free(s->resolved);
	free(s->asked.maps);
	for (size_t i = 0; i < s->n_eras; i++)
		if (s->eras[i].p != s->now.profile)
			profile_free(s->eras[i].p);
	free(s->eras);
	session_release(&s->now);
	journal_free(s->journal);
	for (size_t i = 0; i < s->n_usage; i++)
		free(s->usage[i].cgroup);
	free(s->usage);
	map_release(&s->usage_map);
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

struct feed *service_new(const struct service_options *o, struct err *err)
{
	struct service *s = mem_alloc(sizeof(*s));
	struct cpu_list cpus = {0};

	cpu_list_online(&cpus);
	s->n_cpus = MAX(cpus.n, (size_t)1);
	cpu_list_release(&cpus);
	s->o = *o;
	s->journal = journal_new(journal_entries(s));
	s->o.recording.journal = s->journal;
	s->status.started_ns = monotonic_ns();
	s->feed = (struct feed){
		.fill = fill,
		.wait_fd = wait_fd,
		.take = take,
		.annotate = annotate,
		.mark = mark,
		.window = window,
		.demand = demand,
		.threads = threads,
		.name = name,
		.tick = tick,
		.status = status,
		.free = service_free,
	};
	if (open_session(s, err)) {
		service_free(&s->feed);
		return NULL;
	}
	snprintf(s->feed.title, sizeof(s->feed.title), "the whole machine");
	return &s->feed;
}
