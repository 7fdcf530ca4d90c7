/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text: a growing buffer, numbers as people write and read them, and the nearest word.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A growing string.
 * Owner: str_release() frees; `text` is always terminated once appended to.
 */
struct str {
	char *text;
	size_t len;
	size_t cap;
};

void str_release(struct str *s);
void str_add(struct str *s, const void *data, size_t len);
void str_puts(struct str *s, const char *text);
void str_putc(struct str *s, char c);
void str_printf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A whole decimal number without sign or blanks. Returns false when it is none or above `max`. */
bool parse_u64(const char *text, uint64_t max, uint64_t *ret_value);
/* Seconds, whole or with a fraction, above 0 and at most ten years. */
bool parse_seconds(const char *text, double *ret_seconds);

/* 29970 as "29,970". Returns `buf`, which holds at least 32 bytes. */
char *format_count(char *buf, uint64_t value);
/* 421888 as "412 KiB". Returns `buf` (32 bytes). */
char *format_bytes(char *buf, uint64_t bytes);
/* Nanoseconds as "1.25 s", "12.5 ms", "830 ns". Returns `buf` (32 bytes). */
char *format_ns(char *buf, double ns);

/* The folder of a path (heap), "" when it has none. */
char *path_folder(const char *path);

/* The word of `words` that `typo` was probably meant to be, or NULL. */
const char *nearest_word(const char *typo, const char *const *words, size_t n);

static inline bool str_equal(const char *a, const char *b)
{
	return __builtin_strcmp(a, b) == 0;
}
/* 0 to 15; 16 for what is no hexadecimal digit. */
static inline unsigned hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 16;
}
/* What separates words of a line. */
static inline bool char_is_blank(char c)
{
	return c == ' ' || c == '\t';
}
/* Length of the UTF-8 sequence at `text`, 0 if it is damaged. */
size_t utf8_length(const char *text);
/* Appends text from anywhere as a terminal can be given it: tabs as blanks, '?' for what a terminal
 * would obey, what turns the direction of text, and what is no UTF-8. */
void str_plain(struct str *s, const char *text);
/* Is it that already? */
bool str_is_plain(const char *text);
/* The same in place, in no more bytes, a tab as '?'; characters that are `kept` stay. */
void text_clean(char *text, const char *kept);
bool str_is_utf8(const char *s);
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
