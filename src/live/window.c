/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Windows of what a server remembers. */
#include "live/window.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "profile/copy.h"

enum { MAX_LABELS = 12 };

/* Where the samples of each event go in what is made. */
struct cutting {
	const struct window_place *at;
	const struct history_window *w;
	struct columns columns[RECORDING_MAX_EVENTS];
	struct map64 processes;
	struct profile *to;
};

static bool window_is_wanted(const struct event *e, const char *name)
{
	return !name || str_equal(e->name, name);
}

bool window_has(const struct event *events, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (window_is_wanted(&events[i], name))
			return true;
	return false;
}

/* A second belongs to the window that its end lies in; the one that goes on ends now. */
static bool window_is_in(const struct window_place *at, const struct history_window *w, uint64_t i)
{
	const struct journal_entry *e = journal_at(at->past->journal, i);
	const struct era *era = past_era(at->past, i);
	const struct label *pid;
	uint64_t end = MIN(past_entry_end_ns(at->past, i), at->now_ns);
	bool is_before = w->kind == VALUE_FLOW && end <= w->from.time_ns;

	if (w->by_time && (is_before || end > w->to.time_ns))
		return false;
	if (!window_is_wanted(&at->events[e->event], w->event))
		return false;
	if (!w->pid)
		return true;
	pid = profile_label(era->p, e->labels, era->pid);
	return pid && pid->number == w->pid;
}

/* The whole seconds that a window by time is made of: not before the history begins. */
static void align(const struct window_place *at, struct history_window *w)
{
	uint64_t start = at->past->eras[at->past->n_eras - 1].blocks_start_ns % JOURNAL_BLOCK_NS;
	uint64_t begin = past_begin_ns(at->past, at->started_ns);

	w->to.time_ns = MIN(w->to.time_ns, at->now_ns);
	w->from.time_ns = MIN(MAX(w->from.time_ns, begin), w->to.time_ns);
	if (w->from.time_ns > begin)
		w->from.time_ns -= (w->from.time_ns - start) % JOURNAL_BLOCK_NS;
	if (w->to.time_ns < at->now_ns)
		w->to.time_ns -= (w->to.time_ns - start) % JOURNAL_BLOCK_NS;
	w->to.time_ns = MAX(w->to.time_ns, w->from.time_ns);
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

static void copy_entry(struct cutting *c, const struct era *era, const struct journal_entry *e,
		       struct profile_copy *copy)
{
	struct label labels[MAX_LABELS];
	int64_t values[MAX_VALUE_TYPES] = {0};
	size_t n = profile_copy_labels(copy, e->labels, labels, MAX_LABELS - 1);
	struct strings *s = &c->to->strings;

	if (c->w->trace_id)
		labels[n++] = (struct label){.key = strings_add(s, "trace_id"),
					     .text = strings_add(s, c->w->trace_id)};
	columns_fill(&c->columns[e->event], e, values);
	profile_add_sample(c->to, profile_copy_stack(copy, e->stack),
			   profile_add_labels(c->to, labels, n), values);
	c->to->account.samples += e->samples;
	count_stack(era->p, e->stack, e->samples, &c->to->account);
	count_process(&c->processes, era, e->labels);
}

/* The columns of the events that are wanted: as of a recording of them alone. */
static void begin_columns(struct cutting *c, bool by_time)
{
	const struct window_place *at = c->at;
	uint64_t hz =
		by_time && at->frequency_hz && at->history_hz ? at->history_hz : at->frequency_hz;
	size_t n = 0;

	for (size_t i = 0; i < at->n_events; i++)
		if (window_is_wanted(&at->events[i], c->w->event))
			columns_add(&c->columns[i], c->to, &at->events[i], n++, hz, at->period);
}

/* Columns, period and times of what is to be copied. */
static void begin(struct cutting *c, const struct history_window *aligned)
{
	struct profile *to = c->to;

	begin_columns(c, aligned->by_time);
	to->time_ns = (int64_t)clock_ns(CLOCK_REALTIME) -
		      (int64_t)(c->at->now_ns - aligned->from.time_ns);
	to->duration_ns = (int64_t)(aligned->to.time_ns - aligned->from.time_ns);
	if (aligned->kind == VALUE_STATE && journal_first(c->at->past->journal))
		profile_add_comment(to, "what came before the history begins is not in it");
}

/* Entries of a window by marks, and of a state. Of a flow those that are gone were lost to it. */
static void find_entries(const struct past *past, const struct history_window *w,
			 uint64_t *ret_first, uint64_t *ret_end, struct account *a)
{
	*ret_first = journal_first(past->journal);
	*ret_end = journal_end(past->journal);
	if (w->by_time)
		return;
	*ret_end = MIN(*ret_end, w->to.entry);
	if (w->kind == VALUE_STATE)
		return;
	if (w->from.entry < *ret_first) {
		a->lost += *ret_first - w->from.entry;
		account_add(&a->lost_by_reason, "no room in the history",
			    *ret_first - w->from.entry);
	}
	*ret_first = MAX(*ret_first, w->from.entry);
}

void window_copy(const struct window_place *at, const struct history_window *w,
		 struct history_window *ret_aligned, struct profile *ret)
{
	struct cutting c = {.at = at, .w = w, .to = ret};
	struct profile_copy *copy = NULL;
	const struct era *era = NULL;
	uint64_t i, end;

	*ret_aligned = *w;
	if (w->by_time)
		align(at, ret_aligned);
	begin(&c, ret_aligned);
	for (find_entries(at->past, w, &i, &end, &ret->account); i < end; i++) {
		if (!window_is_in(at, w, i))
			continue;
		if (era != past_era(at->past, i)) {
			era = past_era(at->past, i);
			profile_copy_free(copy);
			copy = profile_copy_new(era->p, ret);
			profile_copy_hide_kernel(copy);
		}
		copy_entry(&c, era, journal_at(at->past->journal, i), copy);
	}
	profile_copy_free(copy);
	ret->account.processes = c.processes.used;
	map64_release(&c.processes);
}
