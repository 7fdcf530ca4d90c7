/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The account of a run: what was sampled, lost, complete and named, and what it cost.
 *
 * Shape: samples = counted in the profile; taken = samples + lost. Reasons are (text, count).
 * Units: user_stacks, frames and their parts are weighted by samples; seconds are wall or CPU.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/str.h"

struct account_reason {
	char *text;
	uint64_t count;
};

struct account_reasons {
	struct account_reason *rows;
	size_t n, cap;
};

enum { ACCOUNT_REASON_BYTES = 384 };

struct account {
	uint64_t samples;
	uint64_t lost; /* samples that are in no stack of the profile */
	struct account_reasons lost_by_reason;
	uint64_t user_stacks;
	uint64_t user_stacks_complete;
	struct account_reasons cut_by_reason; /* "why, module" */
	struct account_reasons cut_by_module;
	struct account_reasons
		unwind_ends; /* how walks in the kernel ended, captures by their cause */
	uint64_t frames;
	uint64_t frames_named;
	struct account_reasons named_by; /* what named them */
	uint64_t processes;
	double duration_s;
	double overhead_cpu_s;    /* cprof's own CPU and the kernel time of its programs */
	bool kernel_cost_unknown; /* overhead is that of user space alone */
	double machine_cpu_s;     /* duration x online CPUs: what overhead is a share of */
	bool without_kernel;      /* only user code is seen */
	double budget_share;      /* of the machine that sampling may cost; 0: no limit */
	double budget_cost_s;     /* what it has cost, without set-up and names at the end */
	uint64_t least_rate_hz;   /* that it was lowered to */
	char event[64];           /* what was sampled, in words */
	char way[16];             /* how the kernel side was loaded, "perf": it was not */
	char by_perf[ACCOUNT_REASON_BYTES]; /* why perf itself sampled; "": it did not */
	char command_status[64]; /* how the launched command ended, "" when there was none */
};

void account_release(struct account *a);
/* Adds `count` to a reason; nothing when it is 0. */
void account_add(struct account_reasons *reasons, const char *text, uint64_t count);
/* Sorts by count, largest first. */
void account_sort(struct account_reasons *reasons);

/* "29,970 samples of 41 processes in 30.0 s; 0 lost; ...", without a line end. */
void account_line(const struct account *a, struct str *out);
/* The same figures under the names of the contract. */
json_t *account_json(const struct account *a);
