/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups of samples by their labels: what stands at the root (--by).
 *
 * Owner: groups_release(); names are the groups' own.
 */
#pragma once

#include <stdbool.h>

#include "base/map.h"
#include "profile/profile.h"

enum group_by { BY_NONE, BY_PROCESS, BY_THREAD, BY_PID, BY_TID, BY_CPU, BY_CGROUP, N_GROUP_BY };

struct groups {
	const struct profile *p;
	enum group_by by;
	string_id keys[N_GROUP_BY]; /* of labels; NO_ID: no sample has it */
	char **names;
	size_t n, cap;
	struct map by_name;
	uint32_t *of_labels; /* label set -> group + 1; 0: not asked yet */
};

/* "process" -> BY_PROCESS; false when it is none. */
bool group_by_parse(const char *text, enum group_by *ret);

void groups_init(struct groups *g, const struct profile *p, enum group_by by);
void groups_release(struct groups *g);
/* The group that samples with these labels belong to; NO_ID when they lack what tells. */
uint32_t groups_find(struct groups *g, labels_id labels);
