/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers as people write and read them; the nearest word. */
#include "unit/test.h"

#include "base/mem.h"
#include "base/str.h"

static void parses_numbers(void **state)
{
	uint64_t v;

	(void)state;
	assert_true(parse_u64("18446744073709551615", UINT64_MAX, &v) && v == UINT64_MAX);
	assert_false(parse_u64("18446744073709551616", UINT64_MAX, &v));
	assert_false(parse_u64("", 10, &v));
	assert_false(parse_u64("-1", 10, &v));
	assert_false(parse_u64("1 ", 10, &v));
	assert_false(parse_u64("11", 10, &v));
}

static void parses_seconds(void **state)
{
	double s;

	(void)state;
	assert_true(parse_seconds("0.5", &s) && s == 0.5);
	assert_true(parse_seconds("30", &s) && s == 30);
	assert_false(parse_seconds("0", &s));
	assert_false(parse_seconds("-3", &s));
	assert_false(parse_seconds("nan", &s));
	assert_false(parse_seconds("1e3", &s));
	assert_false(parse_seconds("5s", &s));
	assert_false(parse_seconds("99999999999", &s));
}

static void formats(void **state)
{
	char b[64];

	(void)state;
	assert_string_equal(format_count(b, 0), "0");
	assert_string_equal(format_count(b, 999), "999");
	assert_string_equal(format_count(b, 29970), "29,970");
	assert_string_equal(format_count(b, UINT64_MAX), "18,446,744,073,709,551,615");
	assert_string_equal(format_bytes(b, 421888), "412 KiB");
	assert_string_equal(format_bytes(b, 12), "12 B");
	assert_string_equal(format_ns(b, 1250000000), "1.25 s");
	assert_string_equal(format_ns(b, 830), "830 ns");
	assert_string_equal(format_ns(b, -2500000), "-2.50 ms");
}

static void finds_the_nearest_word(void **state)
{
	static const char *const words[] = {"record", "report", "top", "export"};

	(void)state;
	assert_string_equal(nearest_word("recrod", words, 4), "record");
	assert_string_equal(nearest_word("rep", words, 4), "report");
	assert_string_equal(nearest_word("exprt", words, 4), "export");
	assert_null(nearest_word("frobnicate", words, 4));
	assert_null(nearest_word("", words, 4));
}

TESTS(T(parses_numbers), T(parses_seconds), T(formats), T(finds_the_nearest_word))
