/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: folded stacks. */
#include "fuzz/write_all.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct write_options o = {.view.by = BY_NONE};
	struct err err = {0};
	struct profile p;
	struct lines lines;

	profile_init(&p);
	lines_of_text(&lines, data, size);
	if (folded_read(&lines, &p, &err) == 0)
		folded_write(&p, null_fd(), &o, &err);
	profile_release(&p);
	return 0;
}
