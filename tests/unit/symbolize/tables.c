/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of names: who wins, what is covered, and what damage does. */
#include "unit/test.h"
#include "unit/folder.h"

#include "base/cache.h"
#include "base/mem.h"
#include "symbolize/names.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static uint32_t text(struct names_builder *b, const char *t)
{
	return names_string(b, t, strlen(t));
}

static uint32_t node(struct names_builder *b, uint32_t parent, const char *name, const char *file,
		     uint32_t line)
{
	struct names_node n = {.parent = parent, .name = text(b, name), .call_file = NO_ID};

	if (file) {
		n.call_file = names_text(b, file);
		n.call_line = line;
	}
	n.start_line = 7;
	return names_node(b, &n);
}

/*
 *   outer 1000-1100: middle 1010-1040 (from o.c:3): inner 1020-1030 (from m.h:5); cold part
 * 2000-2010
 */
static void fill(struct names_builder *b)
{
	uint32_t outer = node(b, NO_ID, "outer", NULL, 0), middle, inner;

	names_range(b, 0x1000, 0x1100, outer);
	names_range(b, 0x2000, 0x2010, outer);
	middle = node(b, outer, "middle", "o.c", 3);
	names_range(b, 0x1010, 0x1040, middle);
	inner = node(b, middle, "inner", "m.h", 5);
	names_range(b, 0x1020, 0x1030, inner);
	names_function_end(b, 1);
	names_row(b, 0x1000, names_text(b, "o.c"), 1);
	names_row(b, 0x1020, names_text(b, "i.h"), 9);
	names_row(b, 0x1020, names_text(b, "i.h"), 10); /* the last one at an address counts */
	names_row(b, 0x1030, names_text(b, "o.c"), 4);
	names_rows_end(b, 0x1100, 1);
}

static struct names *finish(struct names_builder *b, void **ret_data)
{
	size_t bytes;
	struct names *n;

	*ret_data = names_finish(b, NAMES_DEBUG_INFO, &bytes);
	n = names_open(*ret_data, bytes, NULL, NULL);
	assert_non_null(n);
	assert_int_equal(names_bytes(n), bytes);
	names_builder_free(b);
	return n;
}

static void levels_of_an_address(void **state)
{
	struct names_builder *b = names_builder_new(0x1000);
	struct place p[MAX_PLACES];
	struct names *n;
	void *data;

	(void)state;
	fill(b);
	n = finish(b, &data);
	assert_int_equal(names_find(n, 0x1025, p), 3);
	assert_string_equal(p[0].function, "inner");
	assert_string_equal(p[0].file, "i.h");
	assert_int_equal(p[0].line, 10);
	assert_string_equal(p[1].function, "middle");
	assert_string_equal(p[1].file, "m.h");
	assert_int_equal(p[1].line, 5);
	assert_string_equal(p[2].function, "outer");
	assert_string_equal(p[2].file, "o.c");
	assert_int_equal(p[2].line, 3);
	assert_int_equal(p[2].start_line, 7);
	assert_int_equal(names_find(n, 0x1035, p), 2);
	assert_int_equal(names_find(n, 0x1040, p), 1);
	assert_int_equal(names_find(n, 0x200f, p), 1);
	assert_string_equal(p[0].function, "outer");
	assert_null(p[0].file);
	assert_int_equal(names_find(n, 0x2010, p), 0);
	assert_int_equal(names_find(n, 0x1100, p), 0);
	assert_int_equal(names_find(n, 0xfff, p), 0);
	assert_true(names_covers(n, 0xfff));
	names_free(n);
	free(data);
}

static void the_first_of_copies_wins(void **state)
{
	struct names_builder *b = names_builder_new(0x1000);
	struct place p[MAX_PLACES];
	struct names *n;
	void *data;

	(void)state;
	/* Several units claim the one copy that the linker kept; the order of units decides. */
	names_range(b, 0x1000, 0x1080, node(b, NO_ID, "second", NULL, 0));
	names_function_end(b, 2);
	names_range(b, 0x1000, 0x1100, node(b, NO_ID, "first", NULL, 0));
	names_function_end(b, 1);
	names_range(b, 0x1040, 0x1200, node(b, NO_ID, "overlaps", NULL, 0));
	names_function_end(b, 0);
	/* Code that the linker dropped. */
	names_range(b, 0, 0x40, node(b, NO_ID, "dropped", NULL, 0));
	names_function_end(b, 3);
	n = finish(b, &data);
	assert_int_equal(names_find(n, 0x1010, p), 1);
	assert_string_equal(p[0].function, "first");
	assert_int_equal(names_find(n, 0x1150, p), 0);
	names_free(n);
	free(data);
}

static void symbols_are_chosen(void **state)
{
	static const struct names_symbol symbols[] = {
		{0x1000, 0x100, "__alias", 7, 1, true},
		{0x1000, 0x100, "alias@@V1", 5, 5, true},
		{0x1000, 0x100, "longer_alias", 12, 5, true},
		{0x2000, 0x5000, "unsized", 7, 1, false},
		{0x3000, 0x10, "next", 4, 1, true},
		{0x4000, 0x1000, "bounded", 7, 1, false},
		{0x6000, 0x100, "function", 8, 1, true},
		{0x6040, 0x100, "label", 5, 1, false}, /* in that function, and beyond */
	};
	struct names_builder *b = names_builder_new(0x1000);
	struct names *n;
	uint64_t start;
	bool sized;
	void *data;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++)
		names_symbol(b, &symbols[i]);
	names_symbol_bound(b, 0x4800);
	n = finish(b, &data);
	assert_string_equal(names_find_symbol(n, 0x47ff, &start, &sized), "bounded");
	assert_null(names_find_symbol(n, 0x4800, &start, &sized));
	assert_string_equal(names_find_symbol(n, 0x10ff, &start, &sized), "alias");
	assert_int_equal(start, 0x1000);
	assert_true(sized);
	assert_null(names_find_symbol(n, 0x1100, &start, &sized));
	assert_string_equal(names_find_symbol(n, 0x2fff, &start, &sized), "unsized");
	assert_false(sized);
	assert_string_equal(names_find_symbol(n, 0x60ff, &start, &sized), "function");
	assert_int_equal(start, 0x6000);
	assert_null(names_find_symbol(n, 0x6100, &start, &sized));
	assert_null(names_find_symbol(n, 0x3010, &start, &sized));
	names_free(n);
	free(data);
}

static void a_part_knows_what_it_covers(void **state)
{
	struct names_builder *b = names_builder_new(0x1000);
	struct place p[MAX_PLACES];
	struct names *n;
	size_t hint = 0;
	void *data;

	(void)state;
	names_cover(b, 0x1000, 0x1030);
	names_cover(b, 0x5000, 0x5001);
	names_covers_sort(b);
	assert_true(names_wants(b, 0xff0, 0x1001, &hint));
	assert_false(names_wants(b, 0x1030, 0x5000, &hint));
	assert_true(names_wants(b, 0x1030, 0x5001, &hint));
	assert_true(names_wants(b, 0x1000, 0x1010, &hint));
	fill(b);
	n = finish(b, &data);
	assert_true(names_covers(n, 0x102f));
	assert_false(names_covers(n, 0x1030));
	assert_true(names_covers(n, 0x5000));
	assert_false(names_covers(n, 0x5001));
	/* Lines are kept of what is covered only. */
	assert_int_equal(names_find(n, 0x1025, p), 3);
	assert_int_equal(p[0].line, 10);
	names_free(n);
	free(data);
}

static void damage_is_found(void **state)
{
	struct cache *cache = cache_new(dir);
	struct names_builder *b = names_builder_new(0x1000);
	struct place p[MAX_PLACES];
	struct cache_view *view;
	struct names *n;
	char path[128];
	size_t bytes;
	void *data;
	int fd;

	(void)state;
	fill(b);
	data = names_finish(b, 0, &bytes);
	names_builder_free(b);
	cache_put(cache, "entry", data, bytes);
	view = cache_view_open(cache, "entry");
	assert_non_null(view);
	n = names_open(view->data, view->bytes, cache_view_need, view);
	assert_int_equal(names_find(n, 0x1025, p), 3);
	assert_false(view->damaged);
	names_free(n);
	cache_view_free(view);
	snprintf(path, sizeof(path), "%s/entry", dir);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "x", 1, 32 + 160), 1);
	close(fd);
	view = cache_view_open(cache, "entry");
	assert_non_null(view);
	assert_null(names_open(view->data, view->bytes, cache_view_need, view));
	assert_true(view->damaged);
	cache_view_free(view);
	assert_null(cache_get(cache, "entry", &bytes));
	free(data);
	cache_free(cache);
}

TESTS(T(levels_of_an_address), T(the_first_of_copies_wins), T(symbols_are_chosen),
      T(a_part_knows_what_it_covers),
      cmocka_unit_test_setup_teardown(damage_is_found, folder_make, folder_remove))
