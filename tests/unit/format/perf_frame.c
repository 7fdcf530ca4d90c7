/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames of perf script's: names and modules with blanks and brackets, and what stands beside. */
#include "unit/test.h"

#include "base/mem.h"
#include "format/perf_frame.h"

#include <stdio.h>

static struct piece piece_of(const char *text)
{
	return (struct piece){text, text + strlen(text)};
}

static char *shown(const struct perf_frame *f)
{
	return mem_printf("%llx|%.*s|%.*s%s", (unsigned long long)f->address,
			  (int)piece_len(f->name), f->name.at, (int)piece_len(f->module),
			  f->module.at ? f->module.at : "", f->inlined ? "|inlined" : "");
}

static void names_and_modules(void **state)
{
	static const char *const all[][2] = {
		{"401136 leaf+0x6 (/opt/app/bin/app)", "401136|leaf|/opt/app/bin/app"},
		{"401136 leaf (/opt/app/bin/app)", "401136|leaf|/opt/app/bin/app"},
		{"401136 leaf", "401136|leaf|"},
		{"401136", "401136||"},
		{"401136 (/opt/app)", "401136||/opt/app"},
		{"401136 ns::f(int, char*)", "401136|ns::f(int, char*)|"},
		{"401136 ns::f(int, char*) const", "401136|ns::f(int, char*) const|"},
		{"401136 f(void (*)(int))", "401136|f(void (*)(int))|"},
		{"401136 std::function<void (int)>::operator()(int) const (/x/app)",
		 "401136|std::function<void (int)>::operator()(int) const|/x/app"},
		{"401136 (anonymous namespace)::f(int) (/x/app)",
		 "401136|(anonymous namespace)::f(int)|/x/app"},
		{"401136 f(int) (.cold)", "401136|f(int) (.cold)|"},
		{"401136 f(int) (inlined)", "401136|f(int)||inlined"},
		{"401136 main::{lambda(int)#1}::operator()(int) const (inlined)",
		 "401136|main::{lambda(int)#1}::operator()(int) const||inlined"},
		{"7 [unknown] (/memfd:doublemapper (deleted))", "7|[unknown]|/memfd:doublemapper"},
		{"7 work+0x6 (/usr/lib/libold.so.1 (deleted))", "7|work|/usr/lib/libold.so.1"},
		{"7 main (/opt/My Game (x86)/bin/game)", "7|main|/opt/My Game (x86)/bin/game"},
		{"7 main (/opt/a (b/c)", "7|main|/opt/a (b/c"},
		{"7 main (/opt/a) b/c)", "7|main|/opt/a) b/c"},
		{"7 main (/opt/lib.so+0x1234)", "7|main|/opt/lib.so"},
		{"7 [unknown] ([unknown])", "7|[unknown]|[unknown]"},
		{"ffffffff810 do_x+0x1 ([kernel.kallsyms])", "ffffffff810|do_x|[kernel.kallsyms]"},
		{"7 main (T/perf/w)", "7|main|T/perf/w"},
		{"7 Lorg/x/Y;::run(I)V (/tmp/perf-12.map)",
		 "7|Lorg/x/Y;::run(I)V|/tmp/perf-12.map"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		auto_free char *got = NULL;
		struct perf_frame f;

		assert_true(perf_frame_parse(piece_of(all[i][0]), &f));
		got = shown(&f);
		assert_string_equal(got, all[i][1]);
	}
}

/* Behind a header stand more fields than the frame. */
static void frame_among_fields(void **state)
{
	static const char *const all[][2] = {
		{"401136 leaf+0x6 (/x/app)  0x401136/0x401180/P/-/-/3  0x401190/0x4011/M/-/-/0",
		 "401136|leaf|/x/app"},
		{"401136 leaf+0x6  0x401136/0x401180/P/-/-/3", "401136|leaf|"},
		{"401136 leaf+0x6 (/x/app) insn: 55 48 89 e5", "401136|leaf|/x/app"},
		{"401136 leaf+0x6 (/x/app) ilen: 2 insn: 0f 05", "401136|leaf|/x/app"},
		{"0   401136 leaf+0x6 (/x/app)", "401136|leaf|/x/app"},
		{"7fff0 [unknown] ([stack])   401136 leaf (/x/app)", "401136|leaf|/x/app"},
		{"7fff0 sym (/x/lib)   401136 leaf (/x/app)", "401136|leaf|/x/app"},
		{"401136 leaf (/x/app) (inlined)", "401136|leaf|/x/app|inlined"},
		{"5080842 |OP LOAD|LVL L1 hit|SNP None|  32  401136 leaf (/x/app)",
		 "401136|leaf|/x/app"},
		{"work (/bin/prog)", "0|work|/bin/prog"},
		{"prev_comm=a prev_pid=1", ""},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		auto_free char *got = NULL;
		struct perf_frame f;
		bool found = perf_frame_find(piece_of(all[i][0]), &f);

		assert_int_equal(found, *all[i][1] != '\0');
		if (!found)
			continue;
		got = shown(&f);
		assert_string_equal(got, all[i][1]);
	}
}

static void lines_between_frames(void **state)
{
	static const struct {
		const char *line;
		enum perf_note is;
		const char *file;
		uint32_t at;
		bool inlined;
	} all[] = {
		{"  w.c:8", PERF_NOTE_SOURCE, "w.c", 8, false},
		{"  my file.c:12 (discriminator 3)", PERF_NOTE_SOURCE, "my file.c", 12, false},
		{"  w.c:8 (inlined)", PERF_NOTE_SOURCE, "w.c", 8, true},
		{"  ??:0", PERF_NOTE_SOURCE, "", 0, false},
		{"  :0", PERF_NOTE_SOURCE, "", 0, false},
		{"  libc.so.6[2724a]", PERF_NOTE_SOURCE, "", 0, false},
		{"  start_thread+755", PERF_NOTE_SOURCE, "", 0, false},
		{" insn: 0f 05", PERF_NOTE_OTHER, "", 0, false},
		{" ilen: 2 insn: 0f 05", PERF_NOTE_OTHER, "", 0, false},
		{" ABI:2    AX:0x0    BX:0x1", PERF_NOTE_OTHER, "", 0, false},
		{" 0x401136/0x401180/P/-/-/3 ", PERF_NOTE_OTHER, "", 0, false},
		{"|8       \treturn x;", PERF_NOTE_OTHER, "", 0, false},
		{"\tmain:", PERF_NOTE_OTHER, "", 0, false},
		{"WARNING: lost", PERF_NOTE_NONE, "", 0, false},
		{"  something else", PERF_NOTE_NONE, "", 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct perf_source s;

		assert_int_equal(
			perf_note_parse(all[i].line, all[i].line + strlen(all[i].line), &s),
			all[i].is);
		assert_int_equal(piece_len(s.file), strlen(all[i].file));
		assert_memory_equal(s.file.at, all[i].file, piece_len(s.file));
		assert_int_equal(s.line, all[i].at);
		assert_int_equal(s.inlined, all[i].inlined);
	}
}

TESTS(T(names_and_modules), T(frame_among_fields), T(lines_between_frames))
