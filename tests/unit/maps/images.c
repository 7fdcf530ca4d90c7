/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images: what counts as the same file, when the kernel tells its number and no build id. */
#include "unit/test.h"

#include "unit/folder.h"

#include "base/mem.h"
#include "maps/images.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const struct build_id none;

static struct image *image_of(struct images *images, const char *path, uint64_t generation)
{
	struct file_id file = {0};
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	file.device = file_device(major(st.st_dev), minor(st.st_dev));
	file.inode = st.st_ino;
	file.generation = generation;
	return images_add(images, path, &none, &file);
}

static void a_file_is_one_image_until_it_is_written_over(void **state)
{
	char path[80], copy[80];
	struct images *images = images_new();
	struct image *first, *second, *other;

	(void)state;
	snprintf(path, sizeof(path), "%s/program", dir);
	snprintf(copy, sizeof(copy), "%s/copy", dir);
	assert_int_equal(folder_run("cp /bin/true program && cp program copy"), 0);

	first = image_of(images, path, 0);
	assert_ptr_equal(images_open(images, first, getpid(), 0, 1), first);
	assert_non_null(first->elf);
	assert_ptr_equal(image_of(images, path, 0), first);
	/* A copy has the same build id and is the same image. */
	other = image_of(images, copy, 0);
	assert_ptr_not_equal(other, first);
	assert_ptr_equal(images_open(images, other, getpid(), 0, 1), first);
	assert_ptr_equal(image_of(images, copy, 0), other);

	/* A new program in the same inode is another image, and what was mapped before stays. */
	assert_int_equal(folder_run("cat /bin/ls >program"), 0);
	second = image_of(images, path, 0);
	assert_ptr_not_equal(second, first);
	assert_true(first->overwritten);
	assert_ptr_equal(image_of(images, path, 0), second);
	assert_int_equal(folder_run("cat /bin/ls >copy"), 0);
	assert_ptr_not_equal(image_of(images, copy, 0), other);
	images_free(images);
}

/* Where the image lay another file lies by the time that it is opened: it is not taken for it. */
static void what_lies_there_by_now_is_another_file(void **state)
{
	const char *const names[] = {"here", "gone"};
	struct build_id other_id;
	struct elf_file *elf;
	char path[80];
	int fd;
	void *page;

	(void)state;
	assert_int_equal(folder_run("cp /bin/true here && cp /bin/true gone && cp /bin/ls other"),
			 0);
	snprintf(path, sizeof(path), "%s/other", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(page, MAP_FAILED);
	assert_int_equal(elf_file_open(fd, &elf), 0);
	assert_true(elf_file_build_id(elf, &other_id));
	elf_file_free(elf);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct images *images = images_new();
		struct image *image;

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		image = image_of(images, path, 0);
		if (i)
			unlink(path);
		images_open(images, image, getpid(), (uintptr_t)page, (uintptr_t)page + 4096);
		assert_true(image->elf ? i == 0 : i == 1);
		assert_false(build_id_equal(&image->build_id, &other_id));
		images_free(images);
	}
	munmap(page, 4096);
}

/* Generated code is of one process: another one with its number has its own. */
static void a_number_is_given_away_again(void **state)
{
	struct images *images = images_new();
	const struct file_id process = {0, 7, 0}, other = {0, 8, 0};
	struct image *a = images_add(images, "", &none, &process);
	struct image *b = images_add(images, "", &none, &other);

	(void)state;
	assert_ptr_equal(images_add(images, "//anon", &none, &process), a);
	images_forget_generated(images, 7);
	assert_ptr_not_equal(images_add(images, "", &none, &process), a);
	assert_ptr_equal(images_add(images, "", &none, &other), b);
	images_free(images);
}

/* A number of a file that was given away again is told by its generation. */
static void a_generation_is_another_file(void **state)
{
	struct images *images = images_new();
	struct file_id old = {1, 2, 3}, new = {1, 2, 4}, unknown = {1, 2, 0};
	struct image *a = images_add(images, "/x", &none, &old);

	(void)state;
	assert_ptr_equal(images_add(images, "/x", &none, &unknown), a);
	struct image *b = images_add(images, "/x", &none, &new);
	assert_ptr_not_equal(a, b);
	assert_ptr_equal(images_add(images, "/x", &none, &unknown), b);
	assert_ptr_equal(images_add(images, "/x", &none, &old), a);
	images_free(images);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_is_one_image_until_it_is_written_over,
						folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(what_lies_there_by_now_is_another_file, folder_make,
						folder_remove),
		cmocka_unit_test(a_generation_is_another_file),
		cmocka_unit_test(a_number_is_given_away_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
