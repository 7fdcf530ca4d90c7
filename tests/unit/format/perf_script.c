/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What perf script prints, as whole files: of every kind of event, cut, and with other lines in it.
 */
#include "unit/format/read_text.h"

#include "profile/values.h"

#include <stdio.h>

#define FRAMES                                                                                     \
	"\t          401136 leaf+0x6 (/opt/app/bin/app)\n"                                         \
	"\t          401180 main+0x20 (/opt/app/bin/app)\n"
#define SAMPLE "app  4242 [001]   81.500000:     250000 cycles: \n" FRAMES "\n"

static void weights(void **state)
{
	static const struct text_case all[] = {
		{"periods",
		 "app 1 1.0: 1 cycles: \n\t401 a+0x1 (/x/app)\n\n"
		 "app 1 1.1: 1 cycles: \n\t401 a+0x1 (/x/app)\n\n"
		 "app 1 1.2: 1000000 cycles: \n\t402 b+0x1 (/x/app)\n\n",
		 "app;a 2\napp;b 1000000\n", 0, NULL},
		{"time is counted in samples",
		 "app 1 1.0: 250000 cpu-clock:u: \n\t401 a (/x)\n\n"
		 "app 1 1.0: 250000 cpu-clock:u: \n\t401 a (/x)\n\n",
		 "app;a 2\n", 0, NULL},
		{"no periods",
		 "app 1/2 1.0: cycles: \n\t401 a (/x)\n\n"
		 "app 1/2 1.0: cycles: \n\t401 a (/x)\n\n",
		 "app;a 2\n", 0, NULL},
		{"time before others",
		 "app 1 1.0: 7 page-faults: \n\t401 a (/x)\n\n"
		 "app 1 1.0: 9 cpu-clock: \n\t401 b (/x)\n\n",
		 "app;b 1\n", 0, NULL},
		{"the first of others",
		 "app 1 1.0: 7 page-faults: \n\t401 a (/x)\n\n"
		 "app 1 1.0: 9 faults: \n\t401 b (/x)\n\n",
		 "app;a 7\n", 0, NULL},
	};

	(void)state;
	check_texts(all, ARRAY_SIZE(all));
}

/* Fields that are left out, flat: what a number is, all lines together tell. */
static void layouts(void **state)
{
	static const struct text_case all[] = {
		{"no time, how it was taken",
		 "ctx 5634 U        3344481 cycles:      5612726874ac leaf (/bin/ctx)\n"
		 "ctx 5634 K        3344482 cycles:      5612726874ac leaf (/bin/ctx)\n",
		 "ctx;leaf 6688963\n", 0, NULL},
		{"ids and a period",
		 "app 4242/4242    2004008      557a1358678b leaf+0x4 (/bin/app)\n"
		 "app 4242/4242          1      557a1358678b other+0x4 (/bin/app)\n",
		 "app;leaf 2004008\napp;other 1\n", 0, NULL},
		{"a period and an event", "   2004008 cycles:  557a1358678b leaf (/bin/app)\n",
		 "leaf 2004008\n", 0, NULL},
		{"no ids",
		 "app  1911.498856:    2004008      557a1358678b leaf (/bin/app)\n"
		 "app  1911.500856:    2004008      557a1358678b leaf (/bin/app)\n",
		 "app;leaf 4008016\n", 0, NULL},
		{"a command and an event", "app cycles:      557a1358678b leaf (/bin/app)\n",
		 "app;leaf 1\n", 0, NULL},
		{"a command and a CPU, frames below",
		 "a b [000] cycles: \n\t401136 leaf (/bin/ctx)\n\n"
		 "ctx [001] cycles: \n\t401136 leaf (/bin/ctx)\n\n",
		 "a b;leaf 1\nctx;leaf 1\n", 0, NULL},
		{"no event",
		 "a b (c) 3: 14837/14839  1769.886795: \n\t17f8 outer (/x)\n insn: 8b\n"
		 "#c 12/13 14837/14840  1769.886855: \n\t17f8 outer (/x)\n insn: 8b\n",
		 "#c 12/13;outer 1\na b (c) 3:;outer 1\n", 0, NULL},
		{"a command like an address",
		 "dd    2004008 cycles:      557a1358678b leaf (/bin/app)\n", "dd;leaf 2004008\n",
		 0, NULL},
		{"a time alone", " 1911.964306:      557a1358678b leaf (/bin/app)\n", "leaf 1\n", 0,
		 NULL},
		{"no modules", "   4242      557a1358678b leaf\n   4242      557a1358678b other\n",
		 "4242;leaf 1\n4242;other 1\n", 0, NULL},
		{"frames alone, without modules",
		 "      557a1358678b leaf\n      557a1358678c other\n", "leaf 1\nother 1\n", 0,
		 NULL},
		{"a number at the end, as folded stacks have",
		 "app 12 [000] 1.500123: 250000 cycles:  401136 leaf+0x6 (/opt/app) ilen: 3\n",
		 "app;leaf 250000\n", 0, NULL},
		{"tracepoints",
		 "app 12 [000] 1.5: raw_syscalls:sys_exit: NR 9 = 140670075486208\n"
		 "app 12 [000] 1.6: raw_syscalls:sys_exit: NR 9 (0, 2000, 3)\n",
		 "app 2\n", 0, NULL},
		{"where no address is known",
		 "app 12 [000] 1.5: 1 branches:uH:   tr strt   0 [unknown] ([unknown]) => 401180 "
		 "main+0x20 (/opt/app)\n",
		 "app;[unknown+0x0] 1\n", 0, NULL},
		{"instructions behind a frame",
		 "app 12 [000] 1.5: 250000 cycles: \n\t401136 leaf+0x6 (/opt/app) insn: 48 89 "
		 "05\n\n",
		 "app;leaf 250000\n", 0, NULL},
		{"what a program has written",
		 "app 12 [000] 1.5: 1 bpf-output: \n      BPF output: 0000: 65 76\n\t401136 leaf "
		 "(/opt/app)\n\n",
		 "app;leaf 1\n", 0, NULL},
		{"modules of old kernels",
		 "app 42 [001] 81.5: 1 cycles: \n\t    7d8 nf_hook ([nf_conntrack])\n\t 8c3453 "
		 "tcp_sendmsg (/lib/modules/4.3/build/vmlinux)\n\t401136 main (/bin/app)\n",
		 "app;main;tcp_sendmsg_[k];nf_hook_[k] 1\n", 0, NULL},
		{"brackets in a name",
		 "app 42 1.5: 1 cycles: \n\t401136 LazyCompile:*f (/app/x.js:12:3) "
		 "(/tmp/perf-12.map)\n\n",
		 "app;LazyCompile:*f (/app/x.js:12:3)_[j] 1\n", 0, NULL},
		{"symbols of nm", "0000000000001139 T main\n0000000000001149 T other\n", NULL, 0,
		 NULL},
		{"folded stacks", "dead 5\nface 10\n", "dead 5\nface 10\n", 0, NULL},
	};

	(void)state;
	check_texts(all, ARRAY_SIZE(all));
}

static void other_lines(void **state)
{
	static const struct text_case all[] = {
		{"a warning in front",
		 "Warning:\nProcessed 120 events and lost 2 chunks!\n\n" SAMPLE,
		 "app;main;leaf 250000\n", 2, "line 1: 'Warning:'"},
		{"mappings",
		 "swapper     0     0.000000: PERF_RECORD_MMAP -1/0: "
		 "[0xffffffff81000000(0x12090c8) @ 0]: x [kernel.kallsyms]_text\n"
		 "w 1   358.5: PERF_RECORD_MMAP2 1/1: [0x1(0x2) @ 0 0:0 0 0]: r-xp /w\n" SAMPLE,
		 "app;main;leaf 250000\n", 0, NULL},
		{"namespaces",
		 "w 1 0.0: PERF_RECORD_NAMESPACES 1/1 - nr_namespaces: 7\n"
		 "\t\t[0/net: 4/0xf0000075, 1/uts: 4/0xeffffffe,\n"
		 "\t\t 4/mnt: 4/0xf0000000]\n" SAMPLE,
		 "app;main;leaf 250000\n", 0, NULL},
		{"tasks and switches between samples",
		 SAMPLE "app 4242 81.4: PERF_RECORD_COMM exec: w:1/1\n"
			"app 4242 81.4: PERF_RECORD_SWITCH OUT preempt\n" SAMPLE,
		 "app;main;leaf 500000\n", 0, NULL},
		{"source lines",
		 "my (w) 7 1 3.5: 1 cycles: \n\t 1265 hot+0x25 (T/w)\n  w.c:8\n"
		 "\t 10c2 main+0x42 (T/w)\n  w.c:11\n\n",
		 "my (w) 7;main;hot 1\n", 0, NULL},
		{"source lines of what is inlined",
		 "a 1 3.5: 1 cycles: \n\t 1265 in\n  w.c:8 (inlined)\n\t 1265 out (/w)\n  "
		 "w.c:9\n\n",
		 "a;out;in_[i] 1\n", 0, NULL},
		{"instructions",
		 "a 1 3.5: 1 cycles: \n" FRAMES " insn: 0f 05\n"
		 "a 1 3.5: 1 cycles: \n" FRAMES " insn: 0f 05\n",
		 "a;main;leaf 2\n", 0, NULL},
		{"branches",
		 "app 1 1.5: 9 cycles:  401136 leaf+0x6 (/opt/app) "
		 " 0x401136/0x401180/P/-/-/3  0x401190/0x401136/M/-/-/0 \n",
		 "app;leaf 9\n", 0, NULL},
		{"data addresses", "w 1 3.5: 1 cycles:ppp:                0\n" FRAMES "\n",
		 "w;main;leaf 1\n", 0, NULL},
		{"no event, no time", "my (w) 7 18482 \n" FRAMES "\nmy (w) 7 18482 \n" FRAMES "\n",
		 "my (w) 7;main;leaf 2\n", 0, NULL},
		{"frames alone", FRAMES "\n\n" FRAMES "\n", "main;leaf 2\n", 0, NULL},
		{"no modules, no names",
		 "a 1 1.5: 1 cycles: \n\t 401136 ns::f(int, char*)\n"
		 "\t 401180\n\n",
		 "a;[unknown+0x401180];ns::f(int, char*) 1\n", 0, NULL},
		{"a comment",
		 "# ========\n# captured on    : Fri Nov 27 2026\n"
		 "# time of first sample : 358.564549\n#\n" SAMPLE,
		 "app;main;leaf 250000\n", 0, NULL},
		{"a command like a comment", "#worker  1/2 [001] 1.5: 3 cycles: \n" FRAMES "\n",
		 "#worker;main;leaf 3\n", 0, NULL},
		{"a word between the frames",
		 "app 1 1.5: 1 cycles: \n\t1 leaf (/x)\nlost 5\n\t2 main (/x)\n\n",
		 "app;main;leaf 1\n", 1, "line 3: 'lost 5'"},
		{"no command", "  18482   358.5:    1 cycles:ppp: \n" FRAMES "\n",
		 "18482;main;leaf 1\n", 0, NULL},
		{"CR and a mark",
		 "\xef\xbb\xbf"
		 "app 1 1.5: 1 cycles: \r\n\t1 leaf (/x)\r\n\r\n",
		 "app;leaf 1\n", 0, NULL},
		{"mangled", "app 1 1.5: 1 cycles: \n\t1 _ZN3foo3barEv+0x1 (/x)\n\n",
		 "app;foo::bar 1\n", 0, NULL},
		{"generated code",
		 "app 1 1.5: 1 cycles: \n"
		 "\t1 f (/home/u/.debug/jit/x/jitted-123-45.so)\n"
		 "\t2 g (/opt/jitted-a-1.so)\n\t3 h (/tmp/perf-1.map)\n\n",
		 "app;h_[j];g;f_[j] 1\n", 0, NULL},
		{"deleted",
		 "app 1 1.5: 1 cycles: \n\t7 [unknown] (/memfd:jit (deleted))\n"
		 "\t8 work (/usr/lib/libold.so.1 (deleted))\n\n",
		 "app;work;[memfd:jit+0x7] 1\n", 0, NULL},
	};

	(void)state;
	check_texts(all, ARRAY_SIZE(all));
}

static void cut_tails(void **state)
{
	static const struct text_case all[] = {
		{"in a header", SAMPLE "app  4242 [001]   81.5", "app;main;leaf 250000\n", 1,
		 "line 5: 'app  4242"},
		{"behind a time", SAMPLE "app  4242 [001]   81.500000:     25",
		 "app;main;leaf 250000\n", 1, "line 5: 'app  4242"},
		{"in a frame",
		 SAMPLE "app  4242 [001]   81.5: 1 cycles: \n\t  401136 leaf (/x)\n\t  401",
		 "app;leaf 1\napp;main;leaf 250000\n", 1, "line 7: "},
		{"behind a frame", "app 1 1.5: 1 cycles: \n\t  401136 leaf (/x)", "app;leaf 1\n", 0,
		 NULL},
		{"behind a line", "app 1 1.5: 1 cycles:  401136 leaf (/x)", "app;leaf 1\n", 0,
		 NULL},
	};

	(void)state;
	check_texts(all, ARRAY_SIZE(all));
}

static void losses_are_told(void **state)
{
	static const char text[] = "app  4242 [001]   81.4: PERF_RECORD_LOST lost 12\n" SAMPLE;
	struct profile p;
	struct err err = {0};

	(void)state;
	profile_init(&p);
	assert_int_equal(profile_parse(text, sizeof(text) - 1, &p, &err), 0);
	assert_int_equal(p.account.lost, 12);
	assert_int_equal(p.n_samples, 1);
	profile_release(&p);
}

/* Source files and lines are taken, and the thread's number. */
static void what_frames_and_labels_have(void **state)
{
	static const char text[] = "Timer 3  42/43 [001] 1.5: 3 cycles: \n"
				   "\t 1265 hot+0x25 (T/w)\n  my w.c:8\n\n";
	struct profile p;
	struct err err = {0};

	(void)state;
	profile_init(&p);
	assert_int_equal(profile_parse(text, sizeof(text) - 1, &p, &err), 0);
	assert_string_equal(profile_text(&p, p.frames[0].file), "my w.c");
	assert_int_equal(p.frames[0].line, 8);
	assert_int_equal(
		profile_label(&p, p.samples[0].labels, strings_find(&p.strings, "pid"))->number,
		42);
	assert_int_equal(
		profile_label(&p, p.samples[0].labels, strings_find(&p.strings, "tid"))->number,
		43);
	assert_int_equal(p.default_type, value_column(&p, "cycles"));
	profile_release(&p);
}

/* A line of blanks or of words costs what it is long. */
static void long_lines(void **state)
{
	enum { BYTES = 1000000 }; /* longer ones are skipped */
	static const char *const fills[] = {" ", "1.5: ", "1 ", "a ", "(", ") ", "1 a ", "[1] "};
	static const char *const fronts[] = {"app 1 1.5: 1 cycles: ", "\t401136 ", "x "};
	auto_free char *text = mem_alloc(BYTES + 64);
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fills) * ARRAY_SIZE(fronts); i++) {
		const char *fill = fills[i % ARRAY_SIZE(fills)];
		size_t n = (size_t)sprintf(text, "app 1 1.5: 1 cycles: \n%s",
					   fronts[i / ARRAY_SIZE(fills)]);
		struct profile p;

		while (n + strlen(fill) < BYTES)
			n += (size_t)sprintf(text + n, "%s", fill);
		profile_init(&p);
		profile_parse(text, n, &p, &err);
		profile_release(&p);
	}
}

TESTS(T(weights), T(layouts), T(other_lines), T(cut_tails), T(losses_are_told),
      T(what_frames_and_labels_have), T(long_lines))
