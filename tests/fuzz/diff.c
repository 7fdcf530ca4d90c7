/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: differences of pprof files, in every form. The first two bytes say where the second
 * one begins; without a second one, of the first with itself. */
#include "format/difference.h"
#include "fuzz/write_all.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(const struct profile *base, const struct profile *new, bool raw)
{
	const struct difference_options all = {0};
	struct diff_options o = {.raw = raw};
	struct str text = {0};
	struct err err = {0};
	struct diff d;

	if (diff_open(&d, base, new, &o, &err) == 0) {
		difference_text(&d, &all, &text);
		difference_json(&d, &all, &text);
		difference_svg(&d, "fuzz", null_fd(), &err);
		difference_html(&d, "fuzz", null_fd(), &err);
	}
	diff_release(&d);
	str_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = size < 2 ? 0 : (size_t)data[0] << 8 | data[1];
	struct profile base, new;
	struct err err = {0};

	if (size < 2)
		return 0;
	at = at < size - 2 ? at : size - 2;
	profile_init(&base);
	profile_init(&new);
	if (pprof_read(data + 2, at, &base, &err) == 0) {
		bool two = pprof_read(data + 2 + at, size - 2 - at, &new, &err) == 0;

		compare(&base, two ? &new : &base, data[0] & 1);
	}
	profile_release(&base);
	profile_release(&new);
	return 0;
}
