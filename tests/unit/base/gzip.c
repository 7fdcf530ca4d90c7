/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gzip: a round trip through a file, damage, and data above the limit. */
#include "unit/test.h"

#include "base/gzip.h"
#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>

static struct str compressed(const char *data, size_t len)
{
	FILE *f = tmpfile();
	struct gzip_writer *w = gzip_writer_new(fileno(f));
	struct str out = {0};

	assert_int_equal(gzip_write(w, data, len), 0);
	assert_int_equal(gzip_finish(w), 0);
	gzip_writer_free(w);
	rewind(f);
	assert_int_equal(fd_read(fileno(f), 1 << 20, &out), 0);
	fclose(f);
	return out;
}

static void round_trip_damage_and_limit(void **state)
{
	auto_free char *data = mem_alloc(300000);
	struct str out = {0}, packed;

	(void)state;
	for (int i = 0; i < 300000; i++)
		data[i] = (char)((unsigned)i * (unsigned)i >> 3);
	packed = compressed(data, 300000);
	assert_true(gzip_is(packed.text, packed.len));
	assert_int_equal(gzip_inflate(packed.text, packed.len, 300000, &out), 0);
	assert_int_equal(out.len, 300000);
	assert_memory_equal(out.text, data, 300000);
	str_release(&out);
	assert_int_equal(gzip_inflate(packed.text, packed.len, 200000, &out), -EFBIG);
	str_release(&out);
	assert_int_equal(gzip_inflate(packed.text, packed.len / 2, 1 << 20, &out), -EBADMSG);
	str_release(&out);
	/* The length that it says is not believed. */
	memset(packed.text + packed.len - 4, 0, 4);
	assert_int_equal(gzip_inflate(packed.text, packed.len, 1 << 20, &out), -EBADMSG);
	str_release(&out);
	memset(packed.text + packed.len - 4, 0xff, 4);
	assert_int_equal(gzip_inflate(packed.text, packed.len, 1 << 20, &out), -EBADMSG);
	str_release(&out);
	packed.text[packed.len / 2] ^= 0x55;
	assert_int_equal(gzip_inflate(packed.text, packed.len, 1 << 20, &out), -EBADMSG);
	str_release(&out);
	str_release(&packed);
}

/* Zeros grow more than is expected. */
static void what_grows_much(void **state)
{
	auto_free char *data = mem_alloc(8 << 20);
	struct str out = {0}, packed = compressed(data, 8 << 20);

	(void)state;
	assert_true(packed.len * 64 < 8 << 20);
	assert_int_equal(gzip_inflate(packed.text, packed.len, 8 << 20, &out), 0);
	assert_int_equal(out.len, 8 << 20);
	str_release(&out);
	assert_int_equal(gzip_inflate(packed.text, packed.len, (8 << 20) - 1, &out), -EFBIG);
	str_release(&out);
	str_release(&packed);
}

TESTS(T(round_trip_damage_and_limit), T(what_grows_much))
