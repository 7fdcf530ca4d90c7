/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: perf records. */
#include "collect/side_record.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static union {
		struct side_record record;
		char room[SIDE_MAX_BYTES + 512];
	} out;

	if (size <= SIDE_MAX_BYTES)
		side_parse(data, size, 0, &out.record);
	return 0;
}
