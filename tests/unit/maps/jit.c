/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Generated code: the last function told of before a time is the one. */
#include "unit/test.h"

#include "base/mem.h"
#include "maps/jit.h"

#include <stdio.h>
#include <string.h>

static const char *at(struct jit *j, uint64_t address, uint64_t time_ns)
{
	static struct code_place f;

	return jit_find(j, address, time_ns, &f) ? f.name : "";
}

static void the_last_line_counts(void **state)
{
	static const char map[] = "1000 100 JS:*old /a.js:1\n"
				  "0x1080 0x40 new\n"
				  "garbage\n"
				  "2000 zz bad\n"
				  "3000 10 \n"
				  "4000 10 half";
	struct jit *j = jit_empty();

	(void)state;
	assert_int_equal(jit_parse_map(j, map, sizeof(map) - 1),
			 strlen(map) - strlen("4000 10 half"));
	assert_string_equal(at(j, 0x1000, 0), "JS:*old /a.js:1");
	assert_string_equal(at(j, 0x1080, 0), "new");
	assert_string_equal(at(j, 0x10bf, 0), "new");
	assert_string_equal(at(j, 0x10c0, 0), "JS:*old /a.js:1");
	assert_string_equal(at(j, 0x1100, 0), "");
	assert_string_equal(at(j, 0x4000, 0), "");
	jit_free(j);
}

static void many_functions_at_the_same_places(void **state)
{
	struct jit *j = jit_empty();
	char name[32];

	(void)state;
	/* More than are searched one by one: they are painted over each other. */
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		code_map_add(jit_code(j), 0x1000 + (uint64_t)(i % 100) * 0x40, 0x60, name,
			     strlen(name), 0);
	}
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "f%d", 19900 + i);
		assert_string_equal(at(j, 0x1000 + (uint64_t)i * 0x40 + 0x3f, 0), name);
		/* The next one, told of later, begins within this one's end. */
		snprintf(name, sizeof(name), "f%d", i < 99 ? 19901 + i : 19999);
		assert_string_equal(at(j, 0x1000 + (uint64_t)i * 0x40 + 0x41, 0), name);
	}
	jit_free(j);
}

static void times_moves_and_lines(void **state)
{
	struct jit *j = jit_empty();
	struct code_place f;

	(void)state;
	code_map_add_line(jit_code(j), 0x1000, 10, "a.js", 4);
	code_map_add_line(jit_code(j), 0x1010, 11, "a.js", 4);
	code_map_add(jit_code(j), 0x1000, 0x100, "first", 5, 100);
	code_map_add(jit_code(j), 0x1000, 0x100, "second", 6, 200);
	assert_string_equal(at(j, 0x1020, 150), "first");
	assert_string_equal(at(j, 0x1020, 200), "second");
	assert_string_equal(at(j, 0x1020, 50), "");
	code_map_move(jit_code(j), 0x1000, 0x5000, 0x100, 300);
	assert_string_equal(at(j, 0x5020, 300), "second");
	assert_true(jit_find(j, 0x1008, 150, &f));
	assert_string_equal(f.file, "a.js");
	assert_int_equal(f.line, 10);
	assert_true(jit_find(j, 0x1010, 150, &f));
	assert_int_equal(f.line, 11);
	assert_true(jit_find(j, 0x1010, 250, &f));
	assert_null(f.file);
	jit_free(j);
}

TESTS(T(the_last_line_counts), T(many_functions_at_the_same_places), T(times_moves_and_lines))
