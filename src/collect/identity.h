/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who a sample belongs to: labels of the profile from the identity that the kernel counted under.
 */
#pragma once

#include <stdbool.h>

#include "abi/records.h"
#include "profile/profile.h"

struct identity;

struct identity_options {
	bool want_cpu;
	uint64_t block_ns; /* of time; 0: none */
	/* CLOCK_MONOTONIC: where the first block begins, and what is the profile's time_ns. */
	uint64_t block_start_ns, started_ns;
};

/* `o` must outlive it: `started_ns` may be set later. */
struct identity *identity_new(struct profile *p, const struct identity_options *o);
void identity_free(struct identity *id);
/* pid, tid, process, thread, and cgroup, container, cpu and time where there is one. */
labels_id identity_labels(struct identity *id, const struct count_key *key);
/* How many processes were sampled. */
uint64_t identity_processes(const struct identity *id);

/* Container id (its first 12 digits, 13 bytes) in a cgroup path; false when it names none. */
bool container_of_cgroup(const char *path, char *ret_id);
