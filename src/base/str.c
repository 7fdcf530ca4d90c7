/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text: a growing buffer, numbers, the nearest word. */
#include "base/str.h"

#include "base/mem.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void str_release(struct str *s)
{
	free(s->text);
	*s = (struct str){0};
}

void str_add(struct str *s, const void *data, size_t len)
{
	array_reserve(s->text, s->cap, s->len + len + 1);
	if (len)
		memcpy(s->text + s->len, data, len);
	s->len += len;
	s->text[s->len] = '\0';
}

void str_puts(struct str *s, const char *text)
{
	str_add(s, text, strlen(text));
}

void str_putc(struct str *s, char c)
{
	str_add(s, &c, 1);
}

void str_printf(struct str *s, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	array_reserve(s->text, s->cap, s->len + (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(s->text + s->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	s->len += (size_t)n;
}

bool parse_u64(const char *text, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9')
			return false;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return false;
	}
	if (value > max)
		return false;
	*ret_value = value;
	return true;
}

bool parse_seconds(const char *text, double *ret_seconds)
{
	char *end;
	double value;

	if (strspn(text, "0123456789.") != strlen(text))
		return false;
	errno = 0;
	value = strtod(text, &end);
	if (errno || end == text || *end || !(value > 0) || value > 10 * 366 * 86400.0)
		return false;
	*ret_seconds = value;
	return true;
}

char *format_count(char *buf, uint64_t value)
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	char *out = buf;

	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
	return buf;
}

char *format_bytes(char *buf, uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1023.5 && unit + 1 < ARRAY_SIZE(units)) {
		value /= 1024;
		unit++;
	}
	snprintf(buf, 32, value < 9.95 && unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return buf;
}

char *format_ns(char *buf, double ns)
{
	static const struct {
		double scale;
		const char *unit;
	} units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(units) && fabs(ns) < units[i].scale)
		i++;
	snprintf(buf, 32, "%.*f %s", units[i].scale > 1 ? 2 : 0, ns / units[i].scale,
		 units[i].unit);
	return buf;
}

static size_t edit_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	size_t row[64];

	if (la > 60 || lb > 60)
		return SIZE_MAX;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			best = MIN(best, row[j] + 1);
			row[j] = MIN(best, row[j - 1] + 1);
		}
	}
	return row[lb];
}

const char *nearest_word(const char *typo, const char *const *words, size_t n)
{
	size_t best = SIZE_MAX;
	const char *word = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t distance = edit_distance(typo, words[i]);

		if (strlen(typo) >= 3 && str_starts(words[i], typo))
			distance = MIN(distance, (size_t)1);
		if (distance < best) {
			best = distance;
			word = words[i];
		}
	}
	return word && best <= 1 + strlen(word) / 4 ? word : NULL;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

/* By its first byte; 0 for what is none. */
static size_t utf8_promised(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first >= 0xf5)
		return 0;
	if (first < 0xe0)
		return 2;
	return first < 0xf0 ? 3 : 4;
}

size_t utf8_length(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n = utf8_promised(s[0]);

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Longer than need be, halves of pairs, beyond the last. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

bool str_is_utf8(const char *s)
{
	size_t n = 1;

	for (; *s && n; s += n)
		n = utf8_length(s);
	return n;
}

char *path_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? mem_printf("%.*s", (int)(slash - path), path) : mem_strdup("");
}

/* Bytes at `text` that a terminal would obey, or that turn what is around them about; 0: they do
 * not. `n` are those of the sequence. */
static bool is_obeyed(const char *text, size_t n)
{
	const unsigned char *t = (const unsigned char *)text;

	if (n < 2)
		return *t < 32 || *t == 127;
	if (t[0] == 0xc2)
		return t[1] < 0xa0;
	if (t[0] == 0xd8) /* U+061C */
		return t[1] == 0x9c;
	if (n != 3 || t[0] != 0xe2)
		return false;
	/* U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069 */
	return (t[1] == 0x80 && (t[2] == 0x8e || t[2] == 0x8f || (t[2] >= 0xa8 && t[2] <= 0xae))) ||
	       (t[1] == 0x81 && t[2] >= 0xa6 && t[2] <= 0xa9);
}

bool str_is_plain(const char *text)
{
	for (size_t n; *text; text += n) {
		n = utf8_length(text);
		if (!n || is_obeyed(text, n))
			return false;
	}
	return true;
}

void str_plain(struct str *s, const char *text)
{
	size_t column = 0;

	str_puts(s, "");
	for (size_t n; *text; text += n ? n : 1) {
		n = utf8_length(text);
		if (*text == '\t')
			str_puts(s, &"        "[column % 8]);
		else if (!n || is_obeyed(text, n))
			str_putc(s, '?');
		else
			str_add(s, text, n);
		column = *text == '\t' ? 0 : column + 1;
	}
}

void text_clean(char *text, const char *kept)
{
	char *to = text;

	for (size_t n; *text; text += n) {
		n = utf8_length(text);
		if (strchr(kept, *text)) {
			n = 1;
			*to++ = *text;
		} else if (!n || is_obeyed(text, n)) {
			n = n ? n : 1;
			*to++ = '?';
		} else {
			memmove(to, text, n);
			to += n;
		}
	}
	*to = '\0';
}
