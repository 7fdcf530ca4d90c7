/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON values. */
#include "base/json.h"

#include "base/str.h"
#include "base/mem.h"

#include <string.h>

/* Length of the UTF-8 sequence at `s`, 0 if it is damaged. */
static size_t utf8_length(const unsigned char *s)
{
	size_t n = s[0] < 0x80   ? 1
		   : s[0] < 0xc2 ? 0
		   : s[0] < 0xe0 ? 2
		   : s[0] < 0xf0 ? 3
		   : s[0] < 0xf5 ? 4
				 : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

json_t *json_text(const char *text)
{
	json_t *value = json_string(text);
	struct str clean = {0};

	if (value)
		return value;
	for (const unsigned char *s = (const unsigned char *)text; *s;) {
		size_t n = utf8_length(s);
		json_t *one = n ? json_stringn((const char *)s, n) : NULL;

		if (one)
			str_add(&clean, s, n);
		else
			str_puts(&clean, "\xef\xbf\xbd");
		json_decref(one);
		s += one ? n : 1;
	}
	value = json_stringn(clean.text, clean.len);
	str_release(&clean);
	return value;
}
