/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What went wrong, in words. */
#include "base/err.h"

#include "base/limits.h"
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(err->what, sizeof(err->what), fmt, ap);
	va_end(ap);
	text_clean(err->what, "");
	if (n >= 0 && (size_t)n < sizeof(err->what) && code < 0) {
		n = (int)strlen(err->what);
		snprintf(err->what + n, sizeof(err->what) - (size_t)n, ": %s", strerror(-code));
	}
	err->exit_code = 0;
	err->code = code < 0 ? code : -EINVAL;
	/* Whatever it was that met the limit. */
	limits_cure(code, err->cure, sizeof(err->cure));
	err->by_limit = *err->cure;
	return err->code;
}

int err_usage(struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->what, sizeof(err->what), fmt, ap);
	va_end(ap);
	text_clean(err->what, "");
	err->cure[0] = '\0';
	err->by_limit = false;
	err->exit_code = 2;
	return err->code = -EINVAL;
}

int err_cure(struct err *err, const char *fmt, ...)
{
	va_list ap;

	if (err->by_limit)
		return err->code;
	va_start(ap, fmt);
	vsnprintf(err->cure, sizeof(err->cure), fmt, ap);
	va_end(ap);
	text_clean(err->cure, "");
	return err->code;
}
