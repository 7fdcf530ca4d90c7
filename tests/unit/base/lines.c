/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines from memory and from files are the same, wherever blocks end; sources are found. */
#include "unit/test.h"

#include "base/lines.h"
#include "base/mem.h"
#include "base/source.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void the_same_from_memory_and_file(void **state)
{
	size_t n = 3 << 20, len, other_len;
	char *text = mem_alloc(n + 1), path[] = "/tmp/cprof-lines.XXXXXX";
	struct lines memory, file;
	const char *line, *other;
	int fd = mkstemp(path);
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		text[i] = i % 977 == 0 || i % 3000 > 2990 ? '\n' : i % 977 == 976 ? '\r' : 'x';
	assert_int_equal(write(fd, text, n), n);
	lseek(fd, 100, SEEK_SET);
	lines_of_text(&memory, text, n);
	lines_of_fd(&file, fd, text, 100);
	while (lines_next(&memory, &line, &len)) {
		assert_true(lines_next(&file, &other, &other_len));
		assert_int_equal(len, other_len);
		assert_memory_equal(line, other, len);
		count++;
	}
	assert_false(lines_next(&file, &other, &other_len));
	assert_int_equal(file.error, 0);
	assert_int_equal(file.number, count);
	assert_true(count > n / 977);
	lines_release(&file);
	close(fd);
	unlink(path);
	free(text);
}

static void ends_without_a_line_end(void **state)
{
	const char *line;
	struct lines l;
	size_t n;

	lines_of_text(&l, "one\n\ntwo", 8);
	assert_true(lines_next(&l, &line, &n) && n == 3);
	assert_true(lines_next(&l, &line, &n) && n == 0);
	assert_true(lines_next(&l, &line, &n) && n == 3 && l.number == 3);
	assert_false(lines_next(&l, &line, &n));
	lines_of_text(&l, "", 0);
	assert_false(lines_next(&l, &line, &n));
}

static void a_file_that_cannot_be_read_is_an_error(void **state)
{
	int fd = open("/tmp", O_RDONLY | O_DIRECTORY);
	const char *line;
	struct lines l;
	size_t n;

	lines_of_fd(&l, fd, "half", 4);
	assert_false(lines_next(&l, &line, &n));
	assert_true(l.error < 0);
	lines_release(&l);
	close(fd);
}

static void sources_are_found_below_folders(void **state)
{
	char folder[] = "/tmp/cprof-source.XXXXXX", path[100], two[200];
	struct source s;
	FILE *f;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/b.c", folder);
	f = fopen(path, "w");
	fputs("first\nsecond", f);
	fclose(f);
	snprintf(two, sizeof(two), "/nowhere:%s", folder);
	assert_true(source_read(&s, "/build/a/b.c", two, getuid()));
	assert_int_equal(s.n, 2);
	assert_string_equal(s.lines[1], "first");
	assert_string_equal(s.lines[2], "second");
	source_release(&s);
	assert_true(source_read(&s, path, NULL, getuid()));
	source_release(&s);
	assert_false(source_read(&s, "/build/a/c.c", two, getuid()));
	assert_false(source_read(&s, "/build/a/b.c", NULL, getuid()));
	assert_false(source_read(&s, "b.c", NULL, getuid())); /* not from wherever we are */
	assert_false(source_read(&s, "/dev/zero", NULL, getuid()));
	assert_false(source_read(&s, "", two, getuid()));
	source_release(&s);
	unlink(path);
	rmdir(folder);
}

TESTS(T(the_same_from_memory_and_file), T(ends_without_a_line_end),
      T(a_file_that_cannot_be_read_is_an_error), T(sources_are_found_below_folders))
