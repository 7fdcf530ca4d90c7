/* SPDX-License-Identifier: GPL-2.0-or-later */
/* traceparent: what is one, and what is not. */
#include "unit/test.h"

#include "serve/trace_context.h"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN  "00f067aa0ba902b7"

static void what_is_one(void **state)
{
	struct trace_context t = {0};

	(void)state;
	assert_true(trace_context_parse("00-" TRACE "-" SPAN "-01", &t));
	assert_string_equal(t.trace_id, TRACE);
	assert_string_equal(t.parent_id, SPAN);
	assert_true(trace_context_parse("01-" TRACE "-" SPAN "-01-more", &t));
}

static void what_is_none(void **state)
{
	static const char *const bad[] = {
		"",
		"00",
		"00-" TRACE "-" SPAN,
		"00-" TRACE "-" SPAN "-0",
		"00-" TRACE "-" SPAN "-01-more",
		"ff-" TRACE "-" SPAN "-01",
		"0g-" TRACE "-" SPAN "-01",
		"00-" TRACE "-0000000000000000-01",
		"00-00000000000000000000000000000000-" SPAN "-01",
		"00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01",
		"00_" TRACE "_" SPAN "_01",
		"00-" TRACE "-" SPAN "-zz",
	};
	struct trace_context t;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(trace_context_parse(bad[i], &t));
}

static void a_new_trace_otherwise(void **state)
{
	struct trace_context a, b;

	(void)state;
	trace_context_take(&a, "nonsense");
	trace_context_take(&b, NULL);
	assert_int_equal(strlen(a.trace_id), 32);
	assert_int_equal(strlen(a.span_id), 16);
	assert_string_not_equal(a.trace_id, b.trace_id);
	assert_string_equal(a.parent_id, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_one),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(a_new_trace_otherwise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
