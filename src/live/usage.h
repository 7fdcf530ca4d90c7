/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU time by cgroup: of those that ran lately, at most so many.
 *
 * Owner: usage_release().
 */
#pragma once

#include "base/map.h"
#include "profile/history.h"

struct usage {
	struct history_usage *groups;
	size_t n, cap, most;
	struct map by_name;
	bool is_cut; /* there were more groups than `most`: what they used is not known */
};

void usage_add(struct usage *u, const char *cgroup, uint64_t cpu_ns, uint64_t now_ns);
void usage_release(struct usage *u);
