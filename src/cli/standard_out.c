/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text on standard output. */
#include "cli/standard_out.h"

#include "base/io.h"

#include <string.h>
#include <unistd.h>

/* Is what begins with ESC a colour? */
static bool is_colour(const char *escape)
{
	enum { MAX_DIGITS = 12 };
	size_t digits = escape[1] == '[' ? strspn(escape + 2, "0123456789;") : MAX_DIGITS + 1;

	return digits <= MAX_DIGITS && escape[2 + digits] == 'm';
}

int standard_out(struct str *text, struct err *err)
{
	int code;

	if (!text->len)
		return 0;
	text_clean(text->text, "\n\r\t\033");
	for (char *at = text->text; (at = strpbrk(at, "\r\033")); at++)
		if (*at == '\r' ? at[1] != '\n' : !is_colour(at))
			*at = '?';
	text->len = strlen(text->text);
	code = fd_write(STDOUT_FILENO, text->text, text->len);
	return code ? err_set(err, code, "cannot write to standard output") : 0;
}
