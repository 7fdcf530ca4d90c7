// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The perf events (cpu, cycles, page-faults ...): one program per event of a recording, so that
 * each knows its number on kernels without attach cookies (before 5.15).
 */
#include "funnel.h"

#define PERF_EVENT_PROGRAM(n)                                                                      \
	SEC("?perf_event") int perf_event_##n(struct bpf_perf_event_data *ctx)                     \
	{                                                                                          \
		return take_sample(ctx, n, ctx->sample_period);                                    \
	}

PERF_EVENT_PROGRAM(0)
PERF_EVENT_PROGRAM(1)
PERF_EVENT_PROGRAM(2)
PERF_EVENT_PROGRAM(3)
PERF_EVENT_PROGRAM(4)
PERF_EVENT_PROGRAM(5)
PERF_EVENT_PROGRAM(6)
PERF_EVENT_PROGRAM(7)

char LICENSE[] SEC("license") = "GPL";
