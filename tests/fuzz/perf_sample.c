/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: samples that perf takes. */
#include "collect/perf_sample.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t frames[MAX_KERNEL_FRAMES];
	struct perf_sample s;

	if (!perf_sample_parse(data, size, frames, &s))
		return 0;
	if (s.n_kernel > MAX_KERNEL_FRAMES)
		abort();
	if (s.capture && s.capture_bytes != sizeof(*s.capture) + s.capture->stack_bytes)
		abort();
	free(s.capture);
	return 0;
}
