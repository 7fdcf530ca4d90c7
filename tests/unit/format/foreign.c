/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that cprof does not read are called by their names; folded stacks are never taken for them.
 */
#include "unit/test.h"
#include "unit/gzipped.h"

#include "base/mem.h"
#include "format/format.h"

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *bytes;
	size_t len;
	const char *what, *cure;
} files[] = {
	{BYTES("PERFILE2\x68\0\0\0\0\0\0\0"), "perf.data", "perf script"},
	{BYTES("FLR\0\0\2\0\1"), "Flight Recorder", "jfrconv"},
	{BYTES("# callgrind format\nversion: 1\ncreator: callgrind-3.19\nfn=(1) main\n16 5\n"),
	 "callgrind", "kcachegrind"},
	{BYTES("version: 1\ncreator: callgrind-3.19\nfn=(1) main\n16 5\n"), "callgrind",
	 "callgrind"},
	{BYTES("version: 1\ncreator: xdebug 3.1\ncmd: a.php\npositions: line\n\nevents: Time\n\n"
	       "fl=(1) php:internal\nfn=(1) php::x\n1 3\n"),
	 "callgrind", "kcachegrind"},
	{BYTES("positions: instr line\nevents: cpu(ms)\n\nfl=(1) a.c\nfn=(1) main\n0x1 3 5\n"),
	 "callgrind", "kcachegrind"},
	{BYTES("goroutine profile: total 3\n1 @ 0x43a 0x44b\n#\t0x43a\tmain.main+0x1\t/a.go:12\n"),
	 "goroutine", "debug=1"},
	{BYTES("v 10400 3\nX ls\nI 1000 5e298f\ns b /usr/bin/ls\n"), "heaptrack",
	 "heaptrack_print -F"},
	{BYTES("<HTML>\n<BODY>\nx 3\n"), "HTML", "browser"},
	{BYTES("# Samples: 7\n#\n# Children      Self  Command\n"), "perf report", "perf script"},
	{BYTES("{\"traceEvents\": [{\"ph\": \"X\"}]}"), "trace", "perfetto"},
	{BYTES("go 1.22 trace\0\0\0\0"), "trace of Go", "go tool trace"},
	{BYTES("\x17\x08\x44tracing6\0"), "trace-cmd", "trace-cmd"},
	{BYTES("# tracer: nop\n#\n  app-12 [000] d... 1.5: x: y\n"), "ftrace", ""},
	{BYTES("<!DOCTYPE html>\n<html><body>5 5</body></html>\n"), "HTML", "browser"},
	{BYTES("<?xml version=\"1.0\"?>\n<svg width=\"1\">\n"), "SVG", "browser"},
	{BYTES("\n <svg width=\"1\">\n"), "SVG", "browser"},
	{BYTES("heap profile: 1: 2 [3: 4] @ heap/1048576\n"), "heap profile", "debug=1"},
	{BYTES("\x28\xb5\x2f\xfd\0\0"), "zstd", "zstd -d"},
	{BYTES("PK\3\4\x14\0\0\0"), "ZIP", "unzip"},
	{BYTES("\x7f"
	       "ELF\2\1\1\0"),
	 "ELF", "record"},
	{BYTES("\x0a\x03\x40\x01\x50\x0a\x02\x40\x02\x0a\x02\x40\x03\x0a\x02\x40\x04\x0a\x02"
	       "\x40\x05"),
	 "Perfetto", "perfetto"},
	{BYTES("\xff\xfe"
	       "a\0;\0b\0 \0"
	       "1\0"),
	 "UTF-16", "iconv"},
	{BYTES("# To display the perf.data header info, please use --header\n#\n# Overhead  X\n"),
	 "perf report", "perf script"},
};

static void are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct str packed = gzipped(files[i].bytes, files[i].len);

		for (int is_packed = 0; is_packed < 2; is_packed++) {
			struct err err = {0};
			struct profile p;

			profile_init(&p);
			assert_true(profile_parse(is_packed ? packed.text : files[i].bytes,
						  is_packed ? packed.len : files[i].len, &p,
						  &err) < 0);
			if (!strstr(err.what, files[i].what) || !strstr(err.cure, files[i].cure))
				fail_msg("%s: %s", err.what, err.cure);
			profile_release(&p);
		}
		str_release(&packed);
	}
}

/* Text that is packed is read as it is without. */
static void packed_text_is_read(void **state)
{
	static const char *const texts[] = {"a;b 7\n", "app 1 1.5: 7 cycles: \n\t1 b (/x)\n\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct str packed = gzipped(texts[i], strlen(texts[i]));
		struct err err = {0};
		struct profile p;

		profile_init(&p);
		assert_int_equal(profile_parse(packed.text, packed.len, &p, &err), 0);
		assert_int_equal(p.n_samples, 1);
		assert_int_equal(p.values[p.n_types - 1], 7);
		profile_release(&p);
		/* What follows is not read, and told. */
		str_add(&packed, "\0\0\0rest", 7);
		profile_init(&p);
		assert_int_equal(profile_parse(packed.text, packed.len, &p, &err), 0);
		assert_int_equal(p.account.skipped_bytes, 7);
		assert_int_equal(p.n_samples, 1);
		profile_release(&p);
		str_release(&packed);
	}
}

/* Every line has a count. */
static void folded_stacks_are_none(void **state)
{
	static const char *const lines[] = {
		"PERFILE2;main 5\n",     "<html>;main 5\n", "{\"traceEvents\";main 5\n",
		"heap profile: 5\n",     "BZh;x 1\n",       "desc: I1 cache: 1\n",
		"# callgrind format 5\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct err err = {0};
		struct profile p;

		profile_init(&p);
		if (profile_parse(lines[i], strlen(lines[i]), &p, &err))
			fail_msg("%s: %s", lines[i], err.what);
		assert_int_equal(p.n_samples, 1);
		profile_release(&p);
	}
}

TESTS(T(are_named), T(packed_text_is_read), T(folded_stacks_are_none))
