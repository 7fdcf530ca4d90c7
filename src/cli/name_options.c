/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that say how functions are named. */
#include "cli/name_options.h"

#include "base/log.h"
#include "base/mem.h"
#include "format/format.h"

int name_set_debuginfod(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct symbolize_options *)ctx)->debuginfod = true;
	return 0;
}

int name_set_full(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct symbolize_options *)ctx)->full_names = true;
	return 0;
}

int name_set_trust(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct symbolize_options *)ctx)->trust = true;
	return 0;
}

int name_set_no_cache(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct symbolize_options *)ctx)->no_cache = true;
	return 0;
}

/* What a file has and the profile has not. */
static void say_skipped(const char *path, const struct account *a)
{
	struct str text auto_release(str_release) = {0};
	char number[32];

	if (a->skipped_first[0]) {
		account_skipped_line(a, path, &text);
		log_fields(LOG_WARN, text.text, text.text, account_read_json(a));
	}
	if (a->lost)
		log_warn("perf lost %s record%s of what %s shows", format_count(number, a->lost),
			 a->lost == 1 ? "" : "s", path);
}

void profile_say_read(const struct account *a)
{
	if (log_is_json())
		log_summary("", account_read_json(a));
}

int profile_load(const char *path, const struct symbolize_options *o, struct profile *p,
		 struct err *err)
{
	struct symbolizer *z;
	int code = profile_read(path, p, err);

	if (code)
		return code;
	p->trusted = o->trust;
	say_skipped(path, &p->account);
	z = symbolizer_new(o);
	symbolize_saved(z, p);
	if (o->full_names)
		symbolize_in_full(z, p);
	symbolizer_free(z);
	return 0;
}
