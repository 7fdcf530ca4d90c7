/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kernels answered, and what is made of it (tests/cli/without_kernel.sh has what needs
 * privileges). */
#include "collect/refusal.h"

#include "unit/test.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

static void skip_without_btf(void)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		skip();
}

/* 5.10 says it with a number, later kernels with a name, and some of programs of a kind. */
static void missing_helper(void **state)
{
	static const struct {
		const char *log, *name;
	} logs[] = {
		{"5: (85) call unknown#158\ninvalid func unknown#158\nprocessed 9 insns\n",
		 "bpf_get_current_task_btf"},
		{"unknown func bpf_copy_from_user_task#191\n", "bpf_copy_from_user_task"},
		{"program of this type cannot use helper bpf_strtol#105\n", "bpf_strtol"},
	};

	skip_without_btf();
	for (size_t i = 0; i < sizeof(logs) / sizeof(*logs); i++) {
		struct err err = {0};

		assert_int_equal(refusal_explain(-EINVAL, logs[i].log, &err), REFUSAL_helper);
		assert_non_null(strstr(err.what, logs[i].name));
		assert_true(*err.cure);
		assert_int_equal(err.code, -EINVAL);
	}
}

/* The line that says why, not the figures behind it. */
static void verifier(void **state)
{
	struct err err = {0};

	skip_without_btf();
	assert_int_equal(refusal_explain(-EINVAL,
					 "0: (bf) r6 = r1\n"
					 "combined stack size of 4 calls is 544. Too large\n"
					 "verification time 271 usec\nstack depth 352+32\n"
					 "processed 1 insns (limit 1000000)\n\n",
					 &err),
			 REFUSAL_verifier);
	assert_non_null(strstr(err.what, "combined stack size of 4 calls is 544"));
	assert_null(strstr(err.what, "processed"));
	assert_non_null(strstr(err.cure, "report it"));
}

static void without_words(void **state)
{
	struct err err = {0};

	skip_without_btf();
	assert_int_equal(refusal_explain(-E2BIG, "", &err), REFUSAL_other);
	assert_int_equal(refusal_explain(-E2BIG, "\n\nprocessed 1 insns\n", &err), REFUSAL_other);
	assert_int_equal(refusal_explain(-EINVAL, "invalid func #", &err), REFUSAL_verifier);
	assert_int_equal(refusal_explain(-ENOSYS, "", &err), REFUSAL_no_bpf);
}

TESTS(T(missing_helper), T(verifier), T(without_words))
