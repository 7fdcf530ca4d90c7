/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options that choose a view of a profile: shared by report, export and diff.
 */
#pragma once

#include "analysis/view.h"
#include "cli/name_options.h"
#include "cli/options.h"

#define VIEW_OPTIONS                                                                               \
	{0,                                                                                        \
	 "value",                                                                                  \
	 "NAME",                                                                                   \
	 "the value to show, where a profile has several (cpu, inuse_space ...)",                  \
	 0,                                                                                        \
	 NULL,                                                                                     \
	 view_set_value},                                                                          \
		{0,                                                                                \
		 "by",                                                                             \
		 "WHAT",                                                                           \
		 "group at the root: process, thread, pid, tid, cpu, cgroup or none",              \
		 COMPLETE_CHOICES,                                                                 \
		 "process|thread|pid|tid|cpu|cgroup|none",                                         \
		 view_set_by},                                                                     \
		{0, "focus", "REGEX",       "only stacks with a function that matches",            \
		 0, NULL,    view_set_focus},                                                      \
		{0,                                                                                \
		 "start",                                                                          \
		 "SECS",                                                                           \
		 "only samples from then on, in seconds (of record --timeline)",                   \
		 0,                                                                                \
		 NULL,                                                                             \
		 view_set_start},                                                                  \
		{0, "end", "SECS", "only samples up to then", 0, NULL, view_set_end},              \
	{                                                                                          \
		0, "ignore", "REGEX", "no stacks with a function that matches", 0, NULL,           \
			view_set_ignore                                                            \
	}

struct view_args {
	struct symbolize_options names; /* first: the context of NAME_OPTIONS */
	struct view_options view;
	bool by_given;
	uint64_t rows; /* to be shown; 0: all */
	bool rows_given;
	double start_s, end_s; /* since the first sample; 0: not given */
};

/* The context of these is a struct view_args at the start of the command's own. */
int view_set_value(void *ctx, const char *arg, struct err *err);
int view_set_by(void *ctx, const char *arg, struct err *err);
int view_set_focus(void *ctx, const char *arg, struct err *err);
int view_set_start(void *ctx, const char *arg, struct err *err);
int view_set_end(void *ctx, const char *arg, struct err *err);
int view_set_rows(void *ctx, const char *arg, struct err *err);
int view_set_ignore(void *ctx, const char *arg, struct err *err);

/* Takes over the range of time that was asked for; fails when the profile has no times. */
int view_args_range(struct view_args *v, const struct profile *p, struct err *err);
