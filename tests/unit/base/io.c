/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output files: nothing half-written under the name, links followed, pipes written in place. */
#include "unit/test.h"
#include "unit/folder.h"

#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

static char *in(const char *name)
{
	return mem_printf("%s/%s", dir, name);
}

static void keeps_the_old_file_until_committed(void **state)
{
	auto_free char *path = in("file");
	struct str text = {0};
	struct output o;
	struct err err;

	(void)state;
	assert_int_equal(output_open(&o, path, &err), 0);
	assert_int_equal(fd_write(o.fd, "old", 3), 0);
	assert_int_equal(output_commit(&o, &err), 0);
	output_release(&o);
	assert_int_equal(output_open(&o, path, &err), 0);
	assert_int_equal(fd_write(o.fd, "half", 4), 0);
	assert_int_equal(file_read(path, 100, &text), 0);
	assert_string_equal(text.text, "old");
	output_release(&o);
	text.len = 0;
	assert_int_equal(file_read(path, 100, &text), 0);
	assert_string_equal(text.text, "old");
	str_release(&text);
}

static void follows_a_link(void **state)
{
	auto_free char *path = in("target"), *link = in("link");
	struct output o;
	struct stat st;
	struct err err;

	(void)state;
	fclose(fopen(path, "w"));
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(output_open(&o, link, &err), 0);
	assert_int_equal(fd_write(o.fd, "new", 3), 0);
	assert_int_equal(output_commit(&o, &err), 0);
	output_release(&o);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 3);
}

static void writes_devices_in_place_and_names_errors(void **state)
{
	struct output o;
	struct stat st;
	struct err err;

	(void)state;
	assert_int_equal(output_open(&o, "/dev/null", &err), 0);
	assert_null(o.temporary);
	assert_int_equal(output_commit(&o, &err), 0);
	output_release(&o);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(output_open(&o, "/nonexistent/file", &err), -ENOENT);
	assert_non_null(strstr(err.what, "/nonexistent/file"));
	output_release(&o);
}

static void refuses_more_than_the_limit(void **state)
{
	struct str text = {0};

	(void)state;
	assert_int_equal(file_read("/proc/self/maps", 10, &text), -EFBIG);
	str_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(keeps_the_old_file_until_committed),
		T(follows_a_link),
		T(writes_devices_in_place_and_names_errors),
		T(refuses_more_than_the_limit),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
