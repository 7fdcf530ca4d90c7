/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/maps: lines of the kernel's making, and of nobody's. */
#include "unit/test.h"

#include "base/mem.h"
#include "proc/pmaps.h"

struct seen {
	struct pmap maps[8];
	char paths[8][64];
	int n;
};

static void note(void *ctx, const struct pmap *m)
{
	struct seen *s = ctx;

	if (s->n < 8) {
		s->maps[s->n] = *m;
		strncpy(s->paths[s->n++], m->path, 63);
	}
}

static void parses_what_the_kernel_writes(void **state)
{
	auto_free char *text = mem_strdup(
		"55d0c0a00000-55d0c0a01000 r--p 00000000 fe:01 1234  /usr/bin/a b\n"
		"55d0c0a01000-55d0c0a02000 r-xp 00001000 fe:01 1234  /usr/bin/a b\n"
		"7f0000000000-7f0000001000 rwxp 00000000 00:00 0 \n"
		"7f0000002000-7f0000003000 r-xp 00000000 00:05 9   /tmp/x\\012y (deleted)\n"
		"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0  [vsyscall]\n");
	struct seen s = {0};

	(void)state;
	pmaps_parse(text, note, &s);
	assert_int_equal(s.n, 5);
	assert_false(s.maps[0].executable);
	assert_true(s.maps[1].executable);
	assert_int_equal(s.maps[1].start, 0x55d0c0a01000);
	assert_int_equal(s.maps[1].offset, 0x1000);
	assert_int_equal(s.maps[1].major, 0xfe);
	assert_int_equal(s.maps[1].inode, 1234);
	assert_string_equal(s.paths[1], "/usr/bin/a b");
	assert_string_equal(s.paths[2], "");
	assert_string_equal(s.paths[3], "/tmp/x\ny (deleted)");
	assert_string_equal(s.paths[4], "[vsyscall]");
}

static void skips_what_is_no_line(void **state)
{
	auto_free char *text = mem_strdup("\n-\nzz-zz r-xp 0 0:0 0\n"
					  "2000-1000 r-xp 00000000 00:00 0\n"
					  "1000-2000 r\n1000-2000 r-xp 0 0:0\n"
					  "11111111111111111-2 r-xp 0 0:0 0\n"
					  "1000-2000 r-xp 00000000 00:00 12x /a\n");
	struct seen s = {0};

	(void)state;
	pmaps_parse(text, note, &s);
	assert_int_equal(s.n, 0);
}

static void reads_our_own(void **state)
{
	struct seen s = {0};

	(void)state;
	assert_int_equal(pmaps_read(1 << 30, note, &s), -2);
	assert_int_equal(pmaps_read(getpid(), note, &s), 0);
	assert_int_equal(s.n, 8);
}

TESTS(T(parses_what_the_kernel_writes), T(skips_what_is_no_line), T(reads_our_own))
