/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: a pprof file, plain or gzipped, then written and read again. */
#include "base/mem.h"
#include "format/format.h"

#include <stdint.h>

#include <fcntl.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct write_options o = {.view.by = BY_PROCESS};
	struct err err = {0};
	struct profile p;
	static int null = -1;

	if (null < 0)
		null = open("/dev/null", O_WRONLY);
	profile_init(&p);
	if (pprof_read(data, size, &p, &err) == 0)
		for (size_t i = 0; format_at(i); i++)
			if (format_at(i)->write)
				format_at(i)->write(&p, null, &o, &err);
	profile_release(&p);
	profile_init(&p);
	profile_parse(data, size, &p, &err);
	profile_release(&p);
	return 0;
}
