/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: what `perf script` prints, and every way to write what was read. */
#include "fuzz/write_all.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct write_options o = {.view.by = BY_TID, .title = "fuzz"};
	struct err err = {0};
	struct profile p;
	struct lines lines;

	profile_init(&p);
	perf_script_is((const char *)data, size);
	lines_of_text(&lines, data, size);
	if (perf_script_read(&lines, &p, &err) == 0)
		write_all(&p, &o);
	profile_release(&p);
	return 0;
}
