/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes as gzip data, for tests to read. */
#pragma once

#include <stdio.h>

#include "base/gzip.h"
#include "base/io.h"

/* For the caller to release. */
static inline struct str gzipped(const char *bytes, size_t len)
{
	FILE *f = tmpfile();
	struct gzip_writer *w = gzip_writer_new(fileno(f));
	struct str out = {0};

	assert_int_equal(gzip_write(w, bytes, len), 0);
	assert_int_equal(gzip_finish(w), 0);
	gzip_writer_free(w);
	rewind(f);
	assert_int_equal(fd_read(fileno(f), 1 << 20, &out), 0);
	fclose(f);
	return out;
}
