/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A profiler that runs for weeks, as a history: samples of the whole machine, of which windows are
 * cut out, by marks or by time.
 *
 * Shape: samples go into a journal (collect/journal.h). Its stacks are those of the profile that
 *        runs; when that, or all there is, has grown too large, a new recording is begun, and the
 *        old profile stays for as long as the journal has samples of it.
 * Owner: history->free().
 */
#pragma once

#include "collect/recording.h"
#include "profile/history.h"
#include "symbolize/symbolize.h"

struct service_options {
	struct recording_options recording; /* at the rate of requested profiles */
	struct symbolize_options names;
	uint64_t history_ns;   /* 0: none */
	uint64_t history_hz;   /* the rate while nobody waits; 0: sampling is by a period */
	uint64_t memory_bytes; /* that it may come to use, about */
	size_t most_groups;    /* cgroups whose CPU time is told apart */
};

/* Starts sampling. */
struct history *service_new(const struct service_options *o, struct err *err);
