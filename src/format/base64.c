/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes as text. */
#include "format/base64.h"

#include "base/mem.h"

#include <stdint.h>

void put_base64(struct str *out, const void *data, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *bytes = data;
	char *to;

	array_reserve(out->text, out->cap, out->len + (len + 2) / 3 * 4 + 1);
	to = out->text + out->len;
	for (size_t i = 0; i < len; i += 3) {
		uint32_t three = (uint32_t)bytes[i] << 16 |
				 (i + 1 < len ? (uint32_t)bytes[i + 1] << 8 : 0) |
				 (i + 2 < len ? bytes[i + 2] : 0);

		*to++ = digits[three >> 18];
		*to++ = digits[three >> 12 & 63];
		*to++ = i + 1 < len ? digits[three >> 6 & 63] : '=';
		*to++ = i + 2 < len ? digits[three & 63] : '=';
	}
	*to = '\0';
	out->len = (size_t)(to - out->text);
}
