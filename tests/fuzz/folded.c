/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: folded stacks. */
#include "format/format.h"

#include <stdint.h>

#include <fcntl.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct write_options o = {.view.by = BY_NONE};
	struct err err = {0};
	struct profile p;
	struct lines lines;
	static int null = -1;

	if (null < 0)
		null = open("/dev/null", O_WRONLY);
	profile_init(&p);
	lines_of_text(&lines, data, size);
	if (folded_read(&lines, &p, &err) == 0)
		folded_write(&p, null, &o, &err);
	profile_release(&p);
	return 0;
}
