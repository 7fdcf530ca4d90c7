/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: a pprof file, plain or gzipped, then written and read again. */
#include "base/mem.h"
#include "fuzz/write_all.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct write_options o = {.view.by = BY_PROCESS};
	struct err err = {0};
	struct profile p;

	profile_init(&p);
	if (pprof_read(data, size, &p, &err) == 0)
		write_all(&p, &o);
	profile_release(&p);
	profile_init(&p);
	profile_parse(data, size, &p, &err);
	profile_release(&p);
	return 0;
}
