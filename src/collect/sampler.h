/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The perf events that sample: one per event, rate and CPU, with a BPF program attached.
 *
 * Shape: one set of events for each rate that was asked for; one set is enabled at a time. What is
 *        disabled goes on where it was when it is enabled again, so that no time between two ticks
 *        is lost or counted twice.
 * Owner: sampler_free() closes them. CPUs that come online later are added by sampler_add_cpu().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collect/events.h"
#include "collect/kernel.h"
#include "collect/sideband.h"

struct sampler_options {
	struct event *events; /* `cpu` is changed to the clock where there is no PMU */
	size_t n_events;
	uint64_t frequency_hz; /* 0: every `period` */
	uint64_t period;
	bool idle; /* the idle task too */
};

struct sampler;

struct sampler *sampler_new(const struct sampler_options *o, const struct kernel *kernel,
			    struct sideband *sideband);
void sampler_free(struct sampler *s);
/* Opens the events of the rate of now on one CPU; enables them if the sampler is running. */
int sampler_add_cpu(struct sampler *s, int cpu, struct err *err);
/* Closes the events of a CPU that went offline. */
void sampler_remove_cpu(struct sampler *s, int cpu);
/* Samples at another rate, one that sampler_check_rate() takes; on an error at the one before. */
int sampler_set_rate(struct sampler *s, uint64_t frequency_hz, struct err *err);
void sampler_start(struct sampler *s);
/* After this no program runs any more. */
void sampler_stop(struct sampler *s);

/* Is that rate possible? An error is a wrong usage. */
int sampler_check_rate(uint64_t frequency_hz, struct err *err);
