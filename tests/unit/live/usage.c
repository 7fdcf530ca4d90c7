/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU time by cgroup: sums, the limit, and room again when groups are gone. */
#include "unit/test.h"

#include <stdio.h>

#include "live/usage.h"

#define SECOND 1000000000ull

static void sums_and_containers(void **state)
{
	static const char container[] =
		"/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	struct usage u = {.most = 10};

	(void)state;
	usage_add(&u, "/a", 3, SECOND);
	usage_add(&u, container, 5, SECOND);
	usage_add(&u, "/a", 4, 2 * SECOND);
	assert_int_equal(u.n, 2);
	assert_int_equal(u.groups[0].cpu_ns, 7);
	assert_string_equal(u.groups[0].container, "");
	assert_string_equal(u.groups[1].container, "0123456789ab");
	usage_release(&u);
}

static void too_many_and_room_again(void **state)
{
	struct usage u = {.most = 5};
	char name[16];

	(void)state;
	for (int i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "/%d", i);
		usage_add(&u, name, 1, SECOND);
	}
	assert_true(u.is_cut);
	assert_int_equal(u.n, 5);
	usage_add(&u, "/0", 1, 400 * SECOND);
	/* The others have not run for minutes. */
	usage_add(&u, "/new", 1, 401 * SECOND);
	assert_false(u.is_cut);
	assert_int_equal(u.n, 2);
	assert_int_equal(u.groups[0].cpu_ns, 2);
	usage_add(&u, "/new", 1, 402 * SECOND);
	assert_int_equal(u.groups[1].cpu_ns, 2);
	usage_release(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_and_containers),
		cmocka_unit_test(too_many_and_room_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
