/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that say how functions are named. */
#include "cli/name_options.h"

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

int name_set_no_cache(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct symbolize_options *)ctx)->no_cache = true;
	return 0;
}

int profile_load(const char *path, const struct symbolize_options *o, struct profile *p,
		 struct err *err)
{
	struct symbolizer *z;
	int code = profile_read(path, p, err);

	if (code)
		return code;
	z = symbolizer_new(o);
	symbolize_saved(z, p);
	if (o->full_names)
		symbolize_in_full(z, p);
	symbolizer_free(z);
	return 0;
}
