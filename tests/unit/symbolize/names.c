/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbol tables, kallsyms, demangling: the rules and the bounds. */
#include "unit/test.h"

#include "base/mem.h"
#include "base/demangle.h"
#include "symbolize/kallsyms.h"
#include "symbolize/symtab.h"

#include <stdio.h>

static void add(struct symtab *t, uint64_t address, uint64_t reach, const char *name,
		uint32_t merit)
{
	struct symtab_entry e = {address, reach, name, NULL, merit};

	symtab_add(t, &e);
}

static void one_winner_per_address(void **state)
{
	struct symtab *t = symtab_new();
	struct symtab_hit hit;

	(void)state;
	add(t, 0x3000, 0x10, "c", 1);
	add(t, 0x1000, 0x100, "__alias", 1);
	add(t, 0x1000, 0x100, "alias", 5);
	add(t, 0x2000, 0x1000, "unsized", 1);
	symtab_finish(t);
	assert_int_equal(symtab_count(t), 3);
	assert_true(symtab_find(t, 0x10ff, &hit));
	assert_string_equal(hit.name, "alias");
	assert_false(symtab_find(t, 0x1100, &hit));
	assert_false(symtab_find(t, 0xfff, &hit));
	assert_true(symtab_find(t, 0x2fff, &hit)); /* ended by the next symbol */
	assert_string_equal(hit.name, "unsized");
	assert_false(symtab_find(t, 0x3010, &hit));
	symtab_free(t);
}

static void kallsyms_lines(void **state)
{
	auto_free char *text =
		mem_strdup("ffffffff81000000 T _text\n"
			   "ffffffff81000100 t helper\n"
			   "ffffffff81000100 T global_helper\n"
			   "ffffffff81000200 D data\n"
			   "0000000000000000 T hidden\n"
			   "ffffffffa0000000 t mod_fn\t[ext4]\n"
			   "xyz T bad\nffffffff81000300 T \n12345678123456789 T long\n"
			   "ffffffff8100");
	struct symtab *t = symtab_new();
	struct symtab_hit hit;

	(void)state;
	assert_int_equal(kallsyms_parse(text, t), 4);
	symtab_finish(t);
	assert_true(symtab_find(t, 0xffffffff81000180, &hit));
	assert_string_equal(hit.name, "global_helper");
	assert_null(hit.module);
	assert_true(symtab_find(t, 0xffffffffa0000010, &hit));
	assert_string_equal(hit.module, "[ext4]");
	symtab_free(t);
}

static void the_kernels_words(void **state)
{
	char plain[] = "do_idle+0x12/0x34", module[] = "ext4_read+0x0/0x10 [ext4]";
	char bpf[] = "bpf_prog_0123456789abcdef_x+0x4/0x90", number[] = "0xffffffff81000000";
	uint64_t offset;
	char *in;

	(void)state;
	assert_true(kernel_words_parse(plain, &offset, &in));
	assert_string_equal(plain, "do_idle");
	assert_int_equal(offset, 0x12);
	assert_null(in);
	assert_true(kernel_words_parse(module, &offset, &in));
	assert_string_equal(in, "[ext4]");
	assert_true(kernel_words_parse(bpf, &offset, &in));
	assert_string_equal(in, "[bpf]");
	assert_false(kernel_words_parse(number, &offset, &in));
}

static void check(const char *mangled, const char *want)
{
	auto_free char *got = demangle(mangled, false);

	assert_non_null(got);
	assert_string_equal(got, want);
}

static void demangles(void **state)
{
	(void)state;
	check("_ZN3foo3barILi3EEEvv", "foo::bar<3>");
	check("_ZNSt6vectorIiSaIiEE9push_backERKi", "std::vector<int>::push_back");
	check("_ZNSt3mapINSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEESt6vectorIS5_SaIS5_"
	      "EESt4lessI"
	      "S5_ESaISt4pairIKS5_S8_EEE4findERSD_",
	      "std::map<std::string, std::vector<std::string>, std::less<std::string>>::find");
	check("_ZNKSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE4findEPKcmm@plt",
	      "std::string::find@plt");
	{
		auto_free char *full = demangle("_ZNSt6vectorIiSaIiEE9push_backERKi", true);

		assert_string_equal(
			full, "std::vector<int, std::allocator<int> >::push_back(int const&)");
	}
	check("_RNvCskwGfYPst2Cb_3foo16example_function", "foo::example_function");
	check("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad");
	check("_D4test3fooAa", "test.foo");
	check("core.(*Store[go.shape.*a.B,go.shape.struct { c.d [2]int }]).Get",
	      "core.(*Store[...]).Get");
	check("slices.Sort[go.shape.int].func1", "slices.Sort[...].func1");
	assert_null(demangle("slices.Sort[go.shape.int]", true));
	assert_null(demangle("f[go.shape.", false));
	assert_null(demangle("main", false));
	assert_null(demangle("_Zgarbage", false));
	assert_null(demangle("", false));
}

/* A short name whose readable form doubles with every S_: it must end, and soon. */
static void bounds_what_grows(void **state)
{
	char name[2048] = "_Z1fI1A";
	size_t n = strlen(name);

	(void)state;
	for (int i = 0; i < 60; i++)
		n += (size_t)sprintf(name + n, "1BIS%c_S%c_E", 'A' + i % 20, 'A' + i % 20);
	free(demangle(name, false));
	strcpy(name, "_ZSt1XI");
	for (int i = 0; i < 80; i++)
		strcat(name, "1aI");
	free(demangle(name, false));
}

TESTS(T(one_winner_per_address), T(kallsyms_lines), T(the_kernels_words), T(demangles),
      T(bounds_what_grows))
