/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A running profiler as a feed. */
#include "live/live.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "live/budget.h"
#include "live/session.h"
#include "symbolize/disassemble.h"
#include "symbolize/symbolize.h"

/* How often new images are read while the recording runs. */
#define EARLY_NS 3000000000ull
/* When a Java machine is asked for names first; then at double the time. */
#define JAVA_NS 500000000ull

struct live {
	struct feed feed; /* first: a feed is its live */
	struct session now;
	struct recording_options o;
	struct symbolize_options names;
	char *target; /* one chosen later, which `o` points to */
	pid_t pid;
	uint64_t early_ns, java_ns; /* when that was last done, at first the start */
	uint64_t java_wait_ns;      /* 0: not asked */
	struct budget budget;
};

static int live_fill(struct feed *f, struct err *err)
{
	struct live *l = (struct live *)f;
	int gone = recording_poll(l->now.recording, err);

	if (gone < 0 || recording_drain(l->now.recording, err) ||
	    budget_look(&l->budget, l->now.recording, err))
		return err->code;
	session_name(&l->now);
	return gone;
}

static int live_take(struct feed *f, struct err *err)
{
	return recording_poll(((struct live *)f)->now.recording, err);
}

static int live_feed_wait_fd(struct feed *f)
{
	return recording_wait_fd(((struct live *)f)->now.recording);
}

static void live_free(struct feed *f)
{
	struct live *l = (struct live *)f;

	session_release(&l->now);
	free(l->target);
	free(l);
}

static void take_session(struct live *l, const struct session *s)
{
	l->now = *s;
	l->now.budget = &l->budget;
	l->feed.profile = s->profile;
	recording_title(s->recording, l->feed.title, sizeof(l->feed.title));
}

/* What `target` says, of the same events at the same rate. */
static void set_target(struct recording_options *o, const char *target, pid_t *pid)
{
	uint64_t number;

	o->pids = o->tids = NULL;
	o->n_pids = o->n_tids = 0;
	o->cgroup = o->user = NULL;
	o->command = NULL;
	o->command_is_clock = false;
	if (parse_u64(target, INT32_MAX, &number) && number) {
		*pid = (pid_t)number;
		o->pids = pid;
		o->n_pids = 1;
	} else if (!str_equal(target, "all")) {
		o->cgroup = target;
	}
}

static int start_session(struct live *l, const struct recording_options *o, struct err *err)
{
	struct session next;

	if (session_open(&next, o, &l->names, err) || recording_start(next.recording, err)) {
		session_release(&next);
		return err->code;
	}
	take_session(l, &next);
	budget_start(&l->budget, l->o.budget_share, l->now.recording);
	return 0;
}

static int live_retarget(struct feed *f, const char *target, struct err *err)
{
	struct live *l = (struct live *)f;
	auto_free char *text = mem_strdup(target);
	struct recording_options o = l->o;
	struct err again = {0};
	pid_t pid;

	set_target(&o, text, &pid);
	if (recording_check(&o, err))
		return err->code;
	recording_kill_command(l->now.recording);
	session_release(&l->now);
	l->now = (struct session){0};
	l->feed.profile = NULL;
	if (!start_session(l, &o, err)) {
		/* Only now: what it was is needed until then. */
		free(l->target);
		l->target = steal(text);
		set_target(&l->o, l->target, &l->pid);
		return 0;
	}
	/* It went wrong after all: back to what it was, unless that was a command, which has ended.
	 */
	if (l->o.command)
		return err->code;
	return start_session(l, &l->o, &again) ? again.code : err->code;
}

static int live_annotate(struct feed *f, mapping_id mapping, uint64_t offset, struct code *ret,
			 struct err *err)
{
	return disassemble(&((struct live *)f)->names, f->profile, mapping, offset, ret, err);
}

struct live *live_new(const struct recording_options *o, const struct symbolize_options *names,
		      struct err *err)
{
	struct live *l = mem_alloc(sizeof(*l));
	struct session first;

	l->feed = (struct feed){.fill = live_fill,
				.wait_fd = live_feed_wait_fd,
				.take = live_take,
				.retarget = live_retarget,
				.annotate = live_annotate,
				.free = live_free};
	l->o = *o;
	l->names = *names;
	l->java_wait_ns = names->java_perfmap ? JAVA_NS : 0;
	if (session_open(&first, o, names, err)) {
		session_release(&first);
		free(l);
		return NULL;
	}
	take_session(l, &first);
	return l;
}

int live_start(struct live *l, struct err *err)
{
	l->early_ns = l->java_ns = monotonic_ns();
	budget_start(&l->budget, l->o.budget_share, l->now.recording);
	return recording_start(l->now.recording, err);
}

int live_wait_fd(const struct live *l)
{
	return recording_wait_fd(l->now.recording);
}

int live_poll(struct live *l, struct err *err)
{
	uint64_t now = monotonic_ns();

	symbolizer_watch(l->now.symbolizer, l->now.images);
	if (now - l->early_ns > EARLY_NS) {
		symbolize_early(l->now.symbolizer, l->now.profile, l->now.images);
		l->early_ns = monotonic_ns();
	}
	/* It may end before the recording does. */
	if (l->java_wait_ns && now - l->java_ns > l->java_wait_ns) {
		symbolize_generated(l->now.symbolizer, l->now.profile, l->now.images);
		l->java_wait_ns *= 2;
		l->java_ns = monotonic_ns();
	}
	if (budget_look(&l->budget, l->now.recording, err))
		return err->code;
	return recording_poll(l->now.recording, err);
}

int live_finish(struct live *l, struct err *err)
{
	int code = recording_stop(l->now.recording, err);

	l->now.is_over = true;
	if (!code)
		session_name(&l->now);
	return code;
}

struct feed *live_feed(struct live *l)
{
	return &l->feed;
}

struct recording *live_recording(const struct live *l)
{
	return l->now.recording;
}
