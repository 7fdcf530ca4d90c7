/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is to be sampled: checked, looked up, and handed to the kernel side.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "collect/recording_options.h"
#include "collect/sources.h"
#include "proc/procfs.h"

struct targets {
	pid_t *processes; /* whose mappings are read at the start */
	size_t n_processes, cap_processes;
	struct cpu_list cpus; /* empty: all */
	uid_t uid;
	int cgroup_fd;      /* -1: none */
	uint64_t cgroup_id; /* its inode */
	bool by_task;
};

void targets_init(struct targets *t);
void targets_release(struct targets *t);
/* Looks everything up; what does not exist is an error that names the cure. */
int targets_find(struct targets *t, const struct recording_options *o, struct err *err);
/* Tells the sources; `command` is the held child, 0 if there is none. */
int targets_add(struct targets *t, const struct recording_options *o, struct sources *sources,
		pid_t command, struct err *err);
/* Are pids here those that the kernel side reports? */
int targets_check_namespace(struct err *err);
bool targets_by_task(const struct targets *t);
void targets_title(const struct targets *t, const struct recording_options *o, char *buf,
		   size_t size);
