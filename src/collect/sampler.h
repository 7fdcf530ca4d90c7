/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The perf events that sample, a source: which rates are possible. */
#pragma once

#include <stdint.h>

#include "base/err.h"

/* Is that rate possible? An error is a wrong usage. */
int sampler_check_rate(uint64_t frequency_hz, struct err *err);
