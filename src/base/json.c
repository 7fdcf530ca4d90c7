/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON values. */
#include "base/json.h"

#include "base/str.h"
#include "base/mem.h"

#include <string.h>

json_t *json_text(const char *text)
{
	json_t *value = str_is_plain(text) ? json_string(text) : NULL;
	struct str clean = {0};

	if (value)
		return value;
	for (const char *s = text; *s;) {
		size_t n = utf8_length(s);
		json_t *one = n ? json_stringn(s, n) : NULL;

		/* JSON itself writes control characters as words, but for C1 and what turns text.
		 */
		if (one && n > 1)
			str_plain(&clean,
				  (char[5]){s[0], s[1], n > 2 ? s[2] : 0, n > 3 ? s[3] : 0});
		else if (one)
			str_putc(&clean, *s == 127 ? '?' : *s);
		else
			str_puts(&clean, "\xef\xbf\xbd");
		json_decref(one);
		s += one ? n : 1;
	}
	value = json_stringn(clean.text, clean.len);
	str_release(&clean);
	return value;
}

void json_print(json_t *value, struct str *out)
{
	char *text = json_dumps(value, JSON_INDENT(1) | JSON_REAL_PRECISION(6));

	if (text)
		str_puts(out, text);
	str_putc(out, '\n');
	free(text);
	json_decref(value);
}
