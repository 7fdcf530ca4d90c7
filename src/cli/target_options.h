/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options that say what is sampled and how: shared by every command that samples.
 */
#pragma once

#include "cli/name_options.h"
#include "cli/options.h"
#include "collect/recording.h"

struct target_options {
	struct symbolize_options names; /* first: the context of NAME_OPTIONS */
	struct recording_options recording;
	size_t cap_pids, cap_tids;
	bool all;
	bool rate_given;
};

#define NO_SCALE_OPTION                                                                            \
	{                                                                                          \
		0, "no-scale", NULL,                                                               \
			"a sample is worth its period: threads are not scaled to how long they "   \
			"ran",                                                                     \
			0, NULL, target_set_no_scale                                               \
	}
#define BUDGET_OPTION                                                                              \
	{                                                                                          \
		0, "budget", "SHARE%",                                                             \
			"lower the rate while sampling costs more than that share of all CPUs", 0, \
			NULL, target_set_budget                                                    \
	}

/* The rows; their context is a struct target_options at the start of the command's own. */
#define TARGET_OPTIONS                                                                             \
	{'p',                                                                                      \
	 "pid",                                                                                    \
	 "PID[,PID]",                                                                              \
	 "sample these processes and the children they start later",                               \
	 COMPLETE_PID,                                                                             \
	 NULL,                                                                                     \
	 target_set_pids},                                                                         \
		{'t',          "tid", "TID[,TID]",    "sample these threads",                      \
		 COMPLETE_PID, NULL,  target_set_tids},                                            \
		{'a', "all-cpus", NULL,          "sample the whole machine (the default)",         \
		 0,   NULL,       target_set_all},                                                 \
		{'C', "cpu", "CPU-LIST",     "sample on these CPUs only, as in 0-3,8",             \
		 0,   NULL,  target_set_cpus},                                                     \
		{'u', "user", "USER",         "sample this user's processes, by name or number",   \
		 0,   NULL,   target_set_user},                                                    \
		{'G',                                                                              \
		 "cgroup",                                                                         \
		 "CGROUP",                                                                         \
		 "sample this cgroup (v2) and those below it",                                     \
		 COMPLETE_FILE,                                                                    \
		 NULL,                                                                             \
		 target_set_cgroup},                                                               \
		{'e', "event", "EVENT[,EVENT]",  "what to sample (cpu); the list is below",        \
		 0,   NULL,    target_set_events},                                                 \
		{'F',                                                                              \
		 "freq",                                                                           \
		 "HZ",                                                                             \
		 "samples a second and CPU (99; 999 for a command)",                               \
		 0,                                                                                \
		 NULL,                                                                             \
		 target_set_frequency},                                                            \
		{'c',                                                                              \
		 "count",                                                                          \
		 "COUNT",                                                                          \
		 "one sample every COUNT events, in place of a rate",                              \
		 0,                                                                                \
		 NULL,                                                                             \
		 target_set_period},                                                               \
		{0,                                                                                \
		 "call-graph",                                                                     \
		 "HOW",                                                                            \
		 "how stacks are walked: auto (unwind tables), fp (frame pointers) or none",       \
		 COMPLETE_CHOICES,                                                                 \
		 "auto|fp|none",                                                                   \
		 target_set_call_graph},                                                           \
		{'g',                                                                              \
		 "stacks",                                                                         \
		 NULL,                                                                             \
		 "accepted for perf's users: stacks are always taken",                             \
		 0,                                                                                \
		 NULL,                                                                             \
		 target_set_stacks},                                                               \
		{0, "no-kernel", NULL, "leave kernel frames out", 0, NULL, target_set_no_kernel},  \
		{0, "no-user", NULL, "leave user frames out", 0, NULL, target_set_no_user},        \
		NO_SCALE_OPTION,                                                                   \
		{0, "idle", NULL, "sample the idle task too", 0, NULL, target_set_idle},           \
		{0,                                                                                \
		 "no-fallback",                                                                    \
		 NULL,                                                                             \
		 "fail where the kernel refuses cprof's programs, and do not sample by perf",      \
		 0,                                                                                \
		 NULL,                                                                             \
		 target_set_no_fallback},                                                          \
		BUDGET_OPTION,                                                                     \
	{                                                                                          \
		0, "max-depth", "N", "user frames a stack may have, up to 1024", 0, NULL,          \
			target_set_max_depth                                                       \
	}

int target_set_pids(void *ctx, const char *arg, struct err *err);
int target_set_tids(void *ctx, const char *arg, struct err *err);
int target_set_all(void *ctx, const char *arg, struct err *err);
int target_set_cpus(void *ctx, const char *arg, struct err *err);
int target_set_user(void *ctx, const char *arg, struct err *err);
int target_set_cgroup(void *ctx, const char *arg, struct err *err);
int target_set_events(void *ctx, const char *arg, struct err *err);
int target_set_frequency(void *ctx, const char *arg, struct err *err);
int target_set_period(void *ctx, const char *arg, struct err *err);
int target_set_call_graph(void *ctx, const char *arg, struct err *err);
int target_set_stacks(void *ctx, const char *arg, struct err *err);
int target_set_no_kernel(void *ctx, const char *arg, struct err *err);
int target_set_no_user(void *ctx, const char *arg, struct err *err);
int target_set_no_fallback(void *ctx, const char *arg, struct err *err);
int target_set_no_scale(void *ctx, const char *arg, struct err *err);
int target_set_idle(void *ctx, const char *arg, struct err *err);
int target_set_budget(void *ctx, const char *arg, struct err *err);
int target_set_max_depth(void *ctx, const char *arg, struct err *err);

/* Takes the operands as a command; fills in what was not given; refuses what contradicts. */
int target_finish(struct target_options *t, int argc, char **argv, struct err *err);
/* For a context that starts with a struct target_options. */
void target_release(void *ctx);
/* The list of events, for --help. */
void target_help(struct str *out);
