/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON written piece by piece. */
#include "format/put_json.h"

#include "base/mem.h"

#include <string.h>

void put_json_text(struct str *s, const char *text)
{
	str_putc(s, '"');
	for (size_t i = 0; text[i];) {
		size_t n = utf8_length(text + i);

		if (!n)
			str_putc(s, '?');
		else if (n > 1)
			str_add(s, text + i, n);
		else if ((unsigned char)text[i] < 32 || strchr("\"\\<>&\177", text[i]))
			str_printf(s, "\\u%04x", (unsigned char)text[i]);
		else
			str_putc(s, text[i]);
		i += MAX(n, 1u);
	}
	str_putc(s, '"');
}

void put_json_number(struct str *s, int64_t value)
{
	char digits[24], *at = digits + sizeof(digits);
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

	do
		*--at = (char)('0' + rest % 10);
	while (rest /= 10);
	if (value < 0)
		*--at = '-';
	str_add(s, at, (size_t)(digits + sizeof(digits) - at));
}
