/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output files: nothing half-written under the name, the mode kept, links of ours followed and of
 * others not, pipes written in place. */
#include "unit/test.h"
#include "unit/folder.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/output.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
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
	struct err err = {0};

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
	struct err err = {0};

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
	struct err err = {0};

	(void)state;
	assert_int_equal(output_open(&o, "/dev/null", &err), 0);
	assert_true(o.folder < 0);
	assert_int_equal(output_commit(&o, &err), 0);
	output_release(&o);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(output_open(&o, "/nonexistent/file", &err), -ENOENT);
	assert_non_null(strstr(err.what, "/nonexistent/file"));
	output_release(&o);
}

static int write_to(const char *path, struct err *err)
{
	struct output o;
	int code = output_open(&o, path, err);

	if (!code)
		code = fd_write(o.fd, "new", 3);
	if (!code)
		code = output_commit(&o, err);
	output_release(&o);
	return code;
}

static void keeps_the_mode_of_what_it_replaces(void **state)
{
	auto_free char *path = in("secret");
	struct err err = {0};
	struct stat st;

	(void)state;
	close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(write_to(path, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 3);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* A link that another user has put there, relative or not, leads nowhere. */
static void follows_no_link_of_another_user(void **state)
{
	const uid_t nobody = 65534;
	auto_free char *path = in("victim"), *link = in("evil");
	struct err err = {0};
	struct stat st;

	(void)state;
	fclose(fopen(path, "w"));
	assert_int_equal(symlink("victim", link), 0);
	if (geteuid())
		return; /* who is not root cannot make another's link */
	assert_int_equal(lchown(link, nobody, nobody), 0);
	assert_int_equal(write_to(link, &err), -EACCES);
	assert_non_null(strstr(err.what, "another user's link"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
}

static void waits_for_no_reader_of_a_pipe(void **state)
{
	auto_free char *path = in("pipe");
	struct err err = {0};

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(write_to(path, &err), -ENXIO);
	assert_non_null(strstr(err.cure, "nobody reads"));
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
		T(keeps_the_old_file_until_committed), T(follows_a_link),
		T(keeps_the_mode_of_what_it_replaces), T(follows_no_link_of_another_user),
		T(waits_for_no_reader_of_a_pipe),      T(writes_devices_in_place_and_names_errors),
		T(refuses_more_than_the_limit),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
