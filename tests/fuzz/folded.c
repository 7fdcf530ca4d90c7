/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: folded stacks; what is written of them is read as the same. */
#include "base/mem.h"
#include "fuzz/write_all.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str written(const struct profile *p)
{
	struct write_options o = {.view.by = BY_NONE};
	struct str out = {0};
	struct err err = {0};

	if (format_append(format_find("folded", &err), p, &o, &out, &err))
		abort();
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct write_options o = {.view.by = BY_NONE};
	struct err err = {0};
	struct profile p, q;
	struct lines lines;

	profile_init(&p);
	lines_of_text(&lines, data, size);
	if (folded_read(&lines, &p, &err) == 0) {
		struct str first = written(&p), second;

		profile_init(&q);
		if (first.len) {
			if (profile_parse(first.text, first.len, &q, &err) ||
			    q.account.skipped_lines)
				abort();
			second = written(&q);
			if (first.len != second.len || memcmp(first.text, second.text, first.len))
				abort();
			str_release(&second);
		}
		str_release(&first);
		profile_release(&q);
		write_all(&p, &o);
	}
	profile_release(&p);
	profile_init(&p);
	profile_parse(data, size, &p, &err);
	profile_release(&p);
	return 0;
}
