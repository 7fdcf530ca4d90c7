/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPUs that are online, and sampled: they come and go.
 *
 * Owner: online_release(). All zeroes is one that knows of none.
 */
#pragma once

#include "collect/sources.h"
#include "proc/procfs.h"

struct online {
	struct cpu_list cpus;
	uint64_t looked_ns;
};

void online_release(struct online *online);
/* Finds them; those that were `chosen` must be among them. */
int online_find(struct online *online, const struct cpu_list *chosen, struct err *err);
/* Opens the sources of each. One that has gone meanwhile is no failure. */
int online_open(struct online *online, struct sources *sources, struct err *err);
/* To be called now and then: opens those that came online, into the epoll set too, and closes those
 * that went; but looks only once a second. */
void online_follow(struct online *online, struct sources *sources, int epoll_fd, uint64_t now_ns);
