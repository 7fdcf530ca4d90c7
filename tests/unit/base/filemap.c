/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that is cut short while it is mapped. */
#include "unit/test.h"

#include "base/filemap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void what_is_cut_reads_as_zeros(void **state)
{
	char path[] = "/tmp/cprof-filemap-XXXXXX";
	int fd = mkstemp(path);
	struct file_map map;

	(void)state;
	unlink(path);
	assert_int_equal(file_map(fd, &map), -ENODATA);
	for (int i = 0; i < 4096; i++)
		assert_int_equal(write(fd, "abcdefgh", 8), 8);
	assert_int_equal(file_map(fd, &map), 0);
	assert_int_equal(map.n, 32768);
	assert_int_equal(map.bytes[20000], 'a');
	assert_int_equal(ftruncate(fd, 100), 0);
	assert_int_equal(map.bytes[8], 'a');
	assert_int_equal(map.bytes[20000], 0);
	assert_int_equal(map.bytes[32767], 0);
	file_unmap(&map);
	assert_null(map.bytes);
	close(fd);
}

TESTS(T(what_is_cut_reads_as_zeros))
