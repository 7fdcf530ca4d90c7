/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of folded stacks: its stack, a blank, its count. */
#include "format/folded_line.h"

#include <ctype.h>

#include "base/str.h"

enum { MAX_EXPONENT = 18, WHOLE_DIGITS = 19 };

/* The digits of a number without its point: of those behind the point nine count. */
struct digits {
	uint64_t whole;
	int64_t parts, unit; /* the unit of the next digit behind the point */
	bool too_large;
};

static void add_digit(struct digits *d, unsigned digit)
{
	d->too_large = d->too_large || __builtin_mul_overflow(d->whole, 10u, &d->whole) ||
		       __builtin_add_overflow(d->whole, digit, &d->whole);
}

static void add_digit_part(struct digits *d, unsigned digit)
{
	d->unit /= 10;
	d->parts += d->unit * (int64_t)digit;
}

/* The exponent behind a number, such as "e+15" (Perl's); `*at` is then its end. */
static unsigned take_exponent(const char **at, const char *end)
{
	const char *digit = *at;
	unsigned exponent = 0;

	if (end - digit < 2 || (*digit != 'e' && *digit != 'E'))
		return 0;
	digit += digit[1] == '+' ? 2 : 1;
	if (digit == end)
		return 0;
	for (; digit < end && isdigit((unsigned char)*digit); digit++)
		exponent = exponent > MAX_EXPONENT ? exponent
						   : exponent * 10 + (unsigned)(*digit - '0');
	if (digit == end)
		*at = end;
	return exponent;
}

/* "40", "-3", "1.5", "1e+15": all of it, or it is none. */
static bool parse_count(const char *word, const char *end, struct folded_count *ret)
{
	struct digits d = {.unit = FOLDED_PARTS};
	bool negative = word < end && *word == '-', is_part = false;
	const char *at = word + negative, *exponent_at;
	unsigned exponent;

	for (exponent_at = at; exponent_at < end; exponent_at++)
		if (!isdigit((unsigned char)*exponent_at) && *exponent_at != '.')
			break;
	ret->plain = exponent_at == end && !negative;
	exponent = take_exponent(&exponent_at, end);
	if (exponent_at != end || at == end || !isdigit((unsigned char)*at))
		return false;
	for (; at < end && (isdigit((unsigned char)*at) || *at == '.'); at++) {
		if (*at == '.' && is_part)
			return false;
		is_part = is_part || *at == '.';
		if (*at == '.') {
			ret->plain = false;
		} else if (is_part && !exponent) {
			add_digit_part(&d, (unsigned)(*at - '0'));
		} else {
			add_digit(&d, (unsigned)(*at - '0'));
			exponent -= is_part;
		}
	}
	for (; exponent && !d.too_large; exponent--)
		add_digit(&d, 0);
	ret->too_large = d.too_large || d.whole > (uint64_t)INT64_MAX + negative;
	ret->whole = negative ? (int64_t)(0 - d.whole) : (int64_t)d.whole;
	ret->parts = negative ? -d.parts : d.parts;
	return true;
}

bool folded_count_of(const char *line, size_t len, struct folded_count *ret)
{
	const char *end = line + len, *word;

	while (end > line && char_is_blank(end[-1]))
		end--;
	for (word = end; word > line && !char_is_blank(word[-1]); word--)
		;
	if (word == line || word == end || !parse_count(word, end, ret))
		return false;
	ret->stack_len = (size_t)(word - line) - 1;
	return true;
}

bool folded_has_two_counts(const char *line, const struct folded_count *last,
			   struct folded_count *ret_first)
{
	return last->plain && last->stack_len && !char_is_blank(line[last->stack_len - 1]) &&
	       folded_count_of(line, last->stack_len, ret_first) && ret_first->plain &&
	       ret_first->stack_len > 0;
}
