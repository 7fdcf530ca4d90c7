/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sampling by perf alone, a source: what it sees less of than programs do. */
#pragma once

#include <stdint.h>

/* Of stack that each sample brings at this rate (0: by a period). */
unsigned own_stack_bytes(uint64_t frequency_hz);
