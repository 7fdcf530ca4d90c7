/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one funnel: every event source hands its sample to take_sample().
 *
 * `event` is the source's number in this recording (below MAX_EVENTS), `value` what the sample
 * stands for in the event's unit. Never fails; what is lost is counted under a row of drops.def.
 */
#pragma once

#include "kernel.h"

int take_sample(struct bpf_perf_event_data *ctx, u32 event, u64 value);
