/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The perf_event_open system call, and what its callers share. */
#pragma once

#include "base/authority.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* A descriptor, or a negative errno. */
static inline int perf_open(const struct perf_event_attr *attr, pid_t pid, int cpu)
{
	with_authority(PERF);
	long fd = syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

/* Does this machine have no such counter? */
static inline bool perf_is_missing(int code)
{
	return code == -ENOENT || code == -EOPNOTSUPP || code == -ENODEV;
}

/* So many times a second, or (0) every `period`. */
static inline void perf_set_rate(struct perf_event_attr *attr, uint64_t frequency_hz,
				 uint64_t period)
{
	attr->freq = frequency_hz != 0;
	if (frequency_hz)
		attr->sample_freq = frequency_hz;
	else
		attr->sample_period = period;
}
