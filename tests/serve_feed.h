/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A feed without a profiler, for tests of serve/: every window is one small profile. */
#pragma once

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "profile/feed.h"

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
		profile_add_type(p, type, "count");
		profile_add_sample(p, stack, profile_add_labels(p, labels, 2), &one);
	} else {
		profile_add_type(p, "samples", "count");
		profile_add_type(p, "cpu", "nanoseconds");
		p->default_type = 1;
		profile_add_sample(p, stack, profile_add_labels(p, labels, 3), values);
	}
	p->duration_ns = 1000000000;
}

static int feed_mark(struct feed *f, struct feed_mark *ret, struct err *err)
{
	(void)f, (void)err;
	*ret = (struct feed_mark){.time_ns = monotonic_ns()};
	return 0;
}

static int feed_fill(struct feed *f, struct err *err)
{
	(void)f, (void)err;
	return 0;
}

static int feed_window(struct feed *f, const struct feed_window *w, struct profile *ret,
		       struct err *err)
{
	(void)f, (void)err;
	fill_profile(ret, NULL, w->trace_id);
	return 0;
}

static int feed_threads(struct feed *f, pid_t pid, struct profile *ret, struct err *err)
{
	(void)f;
	if (pid == 13)
		return err_set(err, -ESRCH, "no process with pid %d", pid);
	fill_profile(ret, "goroutine", NULL);
	return 0;
}

static int feed_names(struct feed *f, pid_t pid, const uint64_t *addresses, size_t n,
		      struct str *ret)
{
	(void)f, (void)pid;
	for (size_t i = 0; i < n; i++)
		if (addresses[i] == 0x10)
			str_puts(ret, "0x10 parse\n");
	return 0;
}

static const struct feed_status *feed_status(struct feed *f)
{
	static struct feed_usage usage = {.cgroup = (char *)(uintptr_t) "/a\"b\\c\n", .cpu_ns = 5};
	static struct feed_status status = {.usage = &usage, .n_usage = 1};

	(void)f;
	account_release(&status.account);
	status.account.samples = 7;
	account_add(&status.account.lost_by_reason, "a \"reason\"", 2);
	return &status;
}

static struct feed test_feed = {
	.fill = feed_fill,
	.mark = feed_mark,
	.window = feed_window,
	.threads = feed_threads,
	.names = feed_names,
	.status = feed_status,
};
