/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events by name: perf's (cpu, cycles:u, page-faults ...), and those of other sources.
 *
 * Source: perf_event_open(2); include/uapi/linux/perf_event.h; perf-list(1) for names and
 * modifiers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "collect/source_row.h"

enum event_value { EVENT_CLOCK, EVENT_CYCLES, EVENT_COUNT, EVENT_OTHER };

struct event {
	char name[64]; /* as asked for, modifiers included */
	uint32_t type;
	uint64_t config;
	enum event_value value;
	enum source_row source; /* who samples it; the sampler what is perf's */
	/* EVENT_OTHER: the types of how many there were, and of what they were worth. */
	const char *samples_type, *value_type;
	bool is_cpu; /* "cpu": may fall back to the clock */
	bool exclude_user, exclude_kernel;
	uint8_t precise;
};

/* Adds the events of a comma-separated list to the `*n` in `events`, at most `max` in all. */
int events_parse(const char *list, struct event *events, size_t max, size_t *n, struct err *err);
/* Turns `cpu` into the clock that every machine has. */
void event_use_clock(struct event *e);
/* "cpu-clock at 99 Hz", or "cycles and 2 more every 1000", and `how` behind it. */
void events_describe(const struct event *events, size_t n, uint64_t frequency_hz, uint64_t period,
		     const char *how, char *buf, size_t size);
/* The name of the table's row; NULL beyond the last. `what` says it in words. */
const char *event_name(size_t row, const char **ret_what);
