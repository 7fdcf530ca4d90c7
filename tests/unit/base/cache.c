/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cache on disk: what was put is got, and nothing that is torn, foreign or too much. */
#include "unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cache.h"
#include "base/mem.h"
#include "unit/folder.h"

static char *path_of(const char *key)
{
	return mem_printf("%s/%s", dir, key);
}

static void what_was_put_is_got(void **state)
{
	struct cache *c = cache_new(dir);
	struct stat st;
	size_t bytes = 1;
	auto_free char *path = path_of("one"), *data = NULL, *none = NULL;

	(void)state;
	assert_null(cache_get(c, "one", &bytes));
	cache_put(c, "one", "first", 6);
	cache_put(c, "one", "hello", 6);
	cache_put(c, "empty", NULL, 0);
	data = cache_get(c, "one", &bytes);
	assert_string_equal(data, "hello");
	assert_int_equal(bytes, 6);
	none = cache_get(c, "empty", &bytes);
	assert_non_null(none);
	assert_int_equal(bytes, 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	cache_free(c);
}

static void the_torn_and_the_foreign_count_as_absent(void **state)
{
	struct cache *c = cache_new(dir);
	auto_free char *path = path_of("key"), *other = path_of("other");
	char data[1000] = {7};
	size_t bytes;
	int fd;

	(void)state;
	cache_put(c, "key", data, sizeof(data));
	fd = open(path, O_RDWR);
	assert_int_equal(pwrite(fd, "x", 1, 500), 1); /* one byte of the data */
	assert_null(cache_get(c, "key", &bytes));
	cache_put(c, "key", data, sizeof(data));
	close(fd);
	assert_int_equal(truncate(path, 700), 0);
	assert_null(cache_get(c, "key", &bytes));
	assert_int_equal(truncate(path, 3), 0);
	assert_null(cache_get(c, "key", &bytes));
	cache_put(c, "key", data, sizeof(data));
	assert_int_equal(rename(path, other), 0); /* another key's */
	assert_null(cache_get(c, "other", &bytes));
	cache_put(c, "key", data, sizeof(data));
	assert_int_equal(chmod(path, 0666), 0); /* anyone may have written it */
	assert_null(cache_get(c, "key", &bytes));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_null(cache_get(c, "key", &bytes));
	cache_free(c);
}

static void the_oldest_go_first(void **state)
{
	struct cache *c = cache_new(dir);
	char data[10000] = {0}, key[16];
	size_t bytes;

	(void)state;
	for (int i = 0; i < 10; i++) {
		auto_free char *path = NULL;
		struct timespec times[2] = {{.tv_sec = 1000 + i}, {.tv_sec = 1000 + i}};

		snprintf(key, sizeof(key), "k%d", i);
		cache_put(c, key, data, sizeof(data));
		path = path_of(key);
		utimensat(AT_FDCWD, path, times, 0);
	}
	cache_trim(c, 35000);
	for (int i = 0; i < 10; i++) {
		auto_free void *got = NULL;

		snprintf(key, sizeof(key), "k%d", i);
		got = cache_get(c, key, &bytes);
		assert_int_equal(got != NULL, i >= 7);
	}
	cache_free(c);
}

static void a_folder_that_others_write_to_is_not_used(void **state)
{
	struct cache *c;
	size_t bytes;

	(void)state;
	assert_int_equal(chmod(dir, 0777), 0);
	c = cache_new(dir);
	cache_put(c, "k", "v", 1);
	assert_null(cache_get(c, "k", &bytes));
	cache_free(c);
	c = cache_new("/proc/no/such/place");
	assert_null(cache_get(c, "k", &bytes));
	cache_free(c);
}

#define FOLDER(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)
TESTS(FOLDER(what_was_put_is_got), FOLDER(the_torn_and_the_foreign_count_as_absent),
      FOLDER(the_oldest_go_first), FOLDER(a_folder_that_others_write_to_is_not_used))
