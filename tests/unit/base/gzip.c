/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gzip: a round trip through a file, damage, and data above the limit. */
#include "unit/test.h"
#include "unit/gzipped.h"

#include "base/mem.h"

#include <errno.h>

static void round_trip_damage_and_limit(void **state)
{
	auto_free char *data = mem_alloc(300000);
	struct str out = {0}, packed;
	size_t used;

	(void)state;
	for (int i = 0; i < 300000; i++)
		data[i] = (char)((unsigned)i * (unsigned)i >> 3);
	packed = gzipped(data, 300000);
	assert_true(gzip_is(packed.text, packed.len));
	assert_int_equal(gzip_inflate(packed.text, packed.len, 300000, &out, &used), 0);
	assert_int_equal(out.len, 300000);
	assert_memory_equal(out.text, data, 300000);
	str_release(&out);
	assert_int_equal(gzip_inflate(packed.text, packed.len, 200000, &out, &used), -EFBIG);
	str_release(&out);
	assert_int_equal(gzip_inflate(packed.text, packed.len / 2, 1 << 20, &out, &used), -EBADMSG);
	str_release(&out);
	/* The length that it says is not believed. */
	memset(packed.text + packed.len - 4, 0, 4);
	assert_int_equal(gzip_inflate(packed.text, packed.len, 1 << 20, &out, &used), -EBADMSG);
	str_release(&out);
	memset(packed.text + packed.len - 4, 0xff, 4);
	assert_int_equal(gzip_inflate(packed.text, packed.len, 1 << 20, &out, &used), -EBADMSG);
	str_release(&out);
	packed.text[packed.len / 2] ^= 0x55;
	assert_int_equal(gzip_inflate(packed.text, packed.len, 1 << 20, &out, &used), -EBADMSG);
	str_release(&out);
	str_release(&packed);
}

/* Zeros grow more than is expected. */
static void what_grows_much(void **state)
{
	auto_free char *data = mem_alloc(8 << 20);
	struct str out = {0}, packed = gzipped(data, 8 << 20);
	size_t used;

	(void)state;
	assert_true(packed.len * 64 < 8 << 20);
	assert_int_equal(gzip_inflate(packed.text, packed.len, 8 << 20, &out, &used), 0);
	assert_int_equal(out.len, 8 << 20);
	str_release(&out);
	assert_int_equal(gzip_inflate(packed.text, packed.len, (8 << 20) - 1, &out, &used), -EFBIG);
	str_release(&out);
	str_release(&packed);
}

/* Members are one text, whose limit is of all together; what follows is not touched. */
static void members_and_what_follows(void **state)
{
	static const char garbage[] = "no gzip";
	struct str out = {0}, all = {0}, one = gzipped("first ", 6), two = gzipped("second", 6),
		   none = gzipped("", 0);
	size_t used;

	(void)state;
	str_add(&all, one.text, one.len);
	str_add(&all, none.text, none.len);
	str_add(&all, two.text, two.len);
	assert_int_equal(gzip_inflate(all.text, all.len, 12, &out, &used), 0);
	assert_string_equal(out.text, "first second");
	assert_int_equal(used, all.len);
	str_release(&out);
	assert_int_equal(gzip_inflate(all.text, all.len, 11, &out, &used), -EFBIG);
	str_release(&out);
	/* A member that is cut short is damage: its text is missing. */
	assert_int_equal(gzip_inflate(all.text, all.len - 1, 12, &out, &used), -EBADMSG);
	str_release(&out);
	assert_int_equal(gzip_inflate(all.text, one.len + 2, 12, &out, &used), -EBADMSG);
	str_release(&out);
	used = all.len;
	str_add(&all, garbage, sizeof(garbage));
	assert_int_equal(gzip_inflate(all.text, all.len, 12, &out, &used), 0);
	assert_string_equal(out.text, "first second");
	assert_int_equal(used, all.len - sizeof(garbage));
	str_release(&out);
	str_release(&all);
	str_release(&one);
	str_release(&two);
	str_release(&none);
}

TESTS(T(round_trip_damage_and_limit), T(what_grows_much), T(members_and_what_follows))
