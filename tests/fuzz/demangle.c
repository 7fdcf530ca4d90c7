/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: names of symbols. */
#include "base/mem.h"
#include "base/demangle.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *name = mem_alloc(size + 1);

	memcpy(name, data, size);
	free(demangle(name, size & 1));
	return 0;
}
