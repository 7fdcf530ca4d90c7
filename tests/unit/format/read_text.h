/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a text is read as: its folded stacks, and how much of it was skipped. */
#pragma once

#include "unit/test.h"

#include "base/mem.h"
#include "format/format.h"

struct text_case {
	const char *what;
	const char *text;
	const char *folded; /* by process; NULL: it is refused */
	uint64_t skipped;   /* lines */
	const char *first;  /* how what is told of the first one begins; NULL: anything */
};

static inline void check_text(const struct text_case *c)
{
	struct write_options o = {.view.by = BY_PROCESS};
	struct str out = {0};
	struct err err = {0};
	struct profile p;
	int code;

	profile_init(&p);
	code = profile_parse(c->text, strlen(c->text), &p, &err);
	if ((code == 0) != (c->folded != NULL))
		fail_msg("%s: %s", c->what, code ? err.what : "is read");
	if (!code) {
		assert_int_equal(format_append(format_find("folded", &err), &p, &o, &out, &err), 0);
		if (strcmp(out.text, c->folded) != 0)
			fail_msg("%s: '%s' is not '%s'", c->what, out.text, c->folded);
		if (p.account.skipped_lines != c->skipped)
			fail_msg("%s: %llu lines are skipped, the first is %s", c->what,
				 (unsigned long long)p.account.skipped_lines,
				 p.account.skipped_first);
		if (c->first && strncmp(p.account.skipped_first, c->first, strlen(c->first)) != 0)
			fail_msg("%s: %s is not %s", c->what, p.account.skipped_first, c->first);
	}
	str_release(&out);
	profile_release(&p);
}

static inline void check_texts(const struct text_case *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_text(&all[i]);
}
