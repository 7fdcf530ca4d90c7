/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of images: built once, taken from the cache, evicted when the store is full. */
#include "unit/test.h"
#include "unit/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "abi/unwind_table.h"
#include "base/mem.h"
#include "unwind/tables.h"

/* Room for libc's table (57 KB) or libstdc++'s (70 KB), not for both. */
enum { STORE_BYTES = 100 << 10 };

static const struct image *moved_image;
static uint32_t moved_to;
static int quiet;

static void moved(void *ctx, const struct image *image, uint32_t table)
{
	(void)ctx;
	moved_image = image;
	moved_to = table;
}

static void quiesce(void)
{
	quiet++;
}

struct fixture {
	struct images *images;
	struct store store;
	struct tables *tables;
	char *memory;
};

static void begin(struct fixture *f)
{
	f->images = images_new();
	f->memory = mem_alloc(STORE_BYTES);
	store_init(&f->store, f->memory, STORE_BYTES);
	f->tables = tables_new(&f->store, dir, moved, quiesce, NULL);
}

static void end(struct fixture *f)
{
	tables_free(f->tables);
	store_release(&f->store);
	images_free(f->images);
	free(f->memory);
}

static struct image *open_image(struct fixture *f, const char *path)
{
	static const struct build_id none;
	struct image *image = images_add(f->images, path, &none, NULL);

	return images_open_path(f->images, image, getuid());
}

static uint32_t wait_for(struct fixture *f, struct image *image)
{
	uint32_t at;

	while ((at = tables_get(f->tables, image)) == TABLE_NOT_READY)
		tables_take(f->tables, true);
	return at;
}

static void tables_are_evicted_and_come_back(void **state)
{
	struct image *libc, *other;
	struct fixture f;
	uint32_t at;

	(void)state;
	begin(&f);
	libc = open_image(&f, "/lib/x86_64-linux-gnu/libc.so.6");
	other = open_image(&f, "/usr/lib/x86_64-linux-gnu/libstdc++.so.6");
	assert_non_null(libc->elf);
	assert_non_null(other->elf);
	assert_int_equal(tables_peek(f.tables, libc), TABLE_NOT_READY);
	at = wait_for(&f, libc);
	assert_true(at >= TABLE_FIRST);
	assert_ptr_equal(moved_image, libc);
	assert_int_equal(moved_to, at);
	assert_int_equal(tables_get(f.tables, libc), at);
	at = wait_for(&f, other);
	assert_true(at >= TABLE_FIRST);
	assert_true(quiet > 0);
	assert_int_equal(tables_peek(f.tables, libc), TABLE_NOT_READY); /* evicted */
	assert_true(wait_for(&f, libc) >= TABLE_FIRST);
	assert_int_equal(tables_peek(f.tables, other), TABLE_NOT_READY);
	assert_int_equal(tables_taken(f.tables), 3);
	end(&f);
}

static void what_has_no_table_says_so(void **state)
{
	static const struct build_id none;
	struct image *text, *anonymous;
	struct fixture f;

	(void)state;
	begin(&f);
	text = open_image(&f, "/etc/passwd");
	anonymous = images_add(f.images, "//anon", &none, NULL);
	assert_int_equal(tables_get(f.tables, text), TABLE_GENERATED);
	assert_int_equal(tables_get(f.tables, anonymous), TABLE_GENERATED);
	assert_false(tables_take(f.tables, true)); /* nothing to wait for */
	end(&f);
}

/* A worker that is busy when all ends. */
static void the_end_waits_for_nobody(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	tables_get(f.tables, open_image(&f, "/lib/x86_64-linux-gnu/libc.so.6"));
	tables_get(f.tables, open_image(&f, "/usr/lib/x86_64-linux-gnu/libstdc++.so.6"));
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {T(tables_are_evicted_and_come_back),
					   T(what_has_no_table_says_so),
					   T(the_end_waits_for_nobody)};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
