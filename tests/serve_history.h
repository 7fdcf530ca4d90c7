/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A history without a profiler, for tests of serve/: every window is one small profile. */
#pragma once

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "profile/history.h"

static void fill_profile(struct profile *p, const char *type, const char *trace_id)
{
	static const char *const names[] = {"main", "parse", "<b>\"x\"</b>"};
	const int64_t one = 1, values[] = {3, 30000000};
	stack_id stack = NO_ID;
	struct label labels[3];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct frame f = {.mapping = NO_ID, .inner = NO_ID, .named = true, .line = 7};

		f.function = f.system_name = strings_add(&p->strings, names[i]);
		stack = stacks_push(&p->stacks, stack, profile_add_frame(p, &f));
	}
	labels[0] = (struct label){.key = strings_add(&p->strings, "pid"), .number = 12};
	labels[1] = (struct label){.key = strings_add(&p->strings, "process"),
				   .text = strings_add(&p->strings, "a\"b\\c\n")};
	labels[2] = (struct label){.key = strings_add(&p->strings, "trace_id"),
				   .text = strings_add(&p->strings, trace_id ? trace_id : "none")};
	if (type) {
		value_add(p, type);
		profile_add_sample(p, stack, profile_add_labels(p, labels, 2), &one);
	} else {
		profile_add_type(p, "samples", "count");
		profile_add_type(p, "cpu", "nanoseconds");
		p->default_type = 1;
		profile_add_sample(p, stack, profile_add_labels(p, labels, 3), values);
	}
	p->duration_ns = 1000000000;
}

static int mark_now(struct history *h, struct history_mark *ret, struct err *err)
{
	(void)h, (void)err;
	*ret = (struct history_mark){.time_ns = monotonic_ns()};
	return 0;
}

static int history_demand(struct history *h, size_t open, uint64_t oldest_entry, struct err *err)
{
	(void)h, (void)open, (void)oldest_entry, (void)err;
	return 0;
}

static int history_tick(struct history *h, struct err *err)
{
	(void)h, (void)err;
	return 0;
}

/* Beside what is always there, an event that has states: memory. */
static bool has_event(struct history *h, const char *event)
{
	(void)h;
	return !event || strcmp(event, "heap") == 0;
}

static unsigned windows_made;

static int window_of(struct history *h, const struct history_window *w, struct profile *ret,
		     struct err *err)
{
	windows_made++;
	(void)h, (void)err;
	fill_profile(ret, w->event ? w->kind == VALUE_STATE ? "inuse_space" : "alloc_space" : NULL,
		     w->trace_id);
	return 0;
}

static int history_threads(struct history *h, pid_t pid, struct profile *ret, struct err *err)
{
	(void)h;
	if (pid == 13)
		return err_set(err, -ESRCH, "no process with pid %d", pid);
	fill_profile(ret, "goroutine", NULL);
	return 0;
}

static int history_names(struct history *h, pid_t pid, const uint64_t *addresses, size_t n,
			 struct str *ret)
{
	(void)h, (void)pid;
	for (size_t i = 0; i < n; i++)
		if (addresses[i] == 0x10)
			str_puts(ret, "0x10 parse\n");
	return 0;
}

static const struct history_status *status_of(struct history *h)
{
	static struct history_usage usage = {.cgroup = (char *)(uintptr_t) "/a\"b\\c\n",
					     .cpu_ns = 5};
	static struct history_status status = {.usage = &usage, .n_usage = 1};

	(void)h;
	account_release(&status.account);
	status.account.samples = 7;
	account_add(&status.account.lost_by_reason, "a \"reason\"", 2);
	return &status;
}

static struct history test_history = {
	.mark = mark_now,
	.has = has_event,
	.window = window_of,
	.threads = history_threads,
	.names = history_names,
	.demand = history_demand,
	.tick = history_tick,
	.status = status_of,
};
