/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folded stacks of other writers: their counts, comments, annotations and damage. */
#include "unit/format/read_text.h"

#include "profile/values.h"

#include <stdio.h>
#include <unistd.h>

static void counts(void **state)
{
	static const struct text_case all[] = {
		{"heaptrack", "main;parse;alloc; 40\nmain;parse; 2\n",
		 "main;parse 2\nmain;parse;alloc 40\n", 0, NULL},
		{"negative", "a;b 5\na;b -3\na;c 2\na;d -1\n", "a;b 2\na;c 2\na;d -1\n", 0, NULL},
		{"fractions", "a;b 1.5\na;c 2.5\n", "a;b 2\na;c 2\n", 0, NULL},
		{"fractions of one stack", "a 0.25\na 0.25\na 0.25\na 0.25\na 1\na 0.999999999\n",
		 "a 3\n", 0, NULL},
		{"negative fractions", "a -0.5\na -0.5\nb 1.\n", "a -1\nb 1\n", 0, NULL},
		{"exponents", "a 1e+15\nb 1.5e+3\nc 2E2\n", "a 1000000000000000\nb 1500\nc 200\n",
		 0, NULL},
		{"the largest", "a 9223372036854775807\nb -9223372036854775808\n",
		 "a 9223372036854775807\nb -9223372036854775808\n", 0, NULL},
		{"too large", "a 9223372036854775808\nb 1\nc 1e+19\nd -9223372036854775809\n",
		 "b 1\n", 3, "line 1: 'a 922"},
		{"tabs and blanks", "a;b\t3\na;b 4  \na;c  1\n", "a;b 7\na;c  1\n", 0, NULL},
		{"CR, a mark, no end",
		 "\xef\xbb\xbf"
		 "a;b 3\r\na;b 4",
		 "a;b 7\n", 0, NULL},
		{"no stack", " 5\na 1\n", " 5\na 1\n", 0, NULL},
		{"empty names", "a;;b 3\n;c 1\n; 2\n", " 2\n[unknown];c 1\na;[unknown];b 3\n", 0,
		 NULL},
	};

	(void)state;
	check_texts(all, ARRAY_SIZE(all));
}

static void skipped_lines(void **state)
{
	static const struct text_case all[] = {
		{"a bad line", "a;b 1\nWARNING: lost chunk\na;c 2\n", "a;b 1\na;c 2\n", 1,
		 "line 2: 'WARNING: lost chunk'"},
		{"blank lines", "# comment\na;b 1\n  \n\na;c 2\n", "a;b 1\na;c 2\n", 1, "line 3: "},
		{"no count", "a;b\na;c 2\n", "a;c 2\n", 1, "line 1: 'a;b'"},
		{"a count alone", "5\na;c 2\n", "a;c 2\n", 1, "line 1: '5'"},
		{"a name like a comment", "#hash;foo 4\nx 1\n# 3\n", "# 3\n#hash;foo 4\nx 1\n", 0,
		 NULL},
		{"nothing but comments", "# a\n#b\n", NULL, 0, NULL},
		{"nothing", "a\nb\n", NULL, 0, NULL},
	};

	(void)state;
	check_texts(all, ARRAY_SIZE(all));
}

/* A text in which a line happens to end in a number is no profile. */
static void another_text(void **state)
{
	char lines[64 * 20 + 16] = "";
	const struct text_case all[] = {{"prose", lines, NULL, 0, NULL}};

	(void)state;
	for (int i = 0; i < 64; i++)
		strcat(lines, "words, and more.\n");
	strcat(lines, "in all 64\n");
	check_texts(all, ARRAY_SIZE(all));
}

static void annotations(void **state)
{
	static const struct text_case all[] = {
		{"async-profiler", "a;b_[0];c_[1];d_[j];e_[i];f_[k] 1\n",
		 "a;b_[j];c_[j];d_[j];e_[i];f_[k] 1\n", 0, NULL},
		{"mangled", "main;_ZN3foo3barEv 3\n", "main;foo::bar 3\n", 0, NULL},
		{"who wakes", "a;b_[w] 1\n", "a;b 1\n", 0, NULL},
		{"names that look annotated", "a_[k]_[u];b_[u];_[k];c_[x] 1\n",
		 "a_[k]_[u];b_[u]_[u];_[k];c_[x] 1\n", 0, NULL},
	};

	(void)state;
	check_texts(all, ARRAY_SIZE(all));
}

/* difffolded.pl's lines have two counts; ours have one, whatever the names end with. */
static void two_counts(void **state)
{
	static const char two[] = "a;b 10 20\na;c 5 5\na;d 7\n";
	static const struct text_case all[] = {
		{"two", "a;b 10 20\na;c 5 5\n", "a;b 20\na;c 5\n", 0, NULL},
		{"one", "# one count a line\na;b 10 20\na;c 5 5\n",
		 "# one count a line\na;b 10 20\na;c 5 5\n", 0, NULL},
		{"a name with a number", "a;b 10 20\na;c 5\n", "a;b 10 20\na;c 5\n", 0, NULL},
	};
	struct profile p;
	struct err err = {0};

	(void)state;
	check_texts(all, ARRAY_SIZE(all));
	profile_init(&p);
	assert_int_equal(profile_parse(two, strlen("a;b 10 20\na;c 5 5\n"), &p, &err), 0);
	assert_int_equal(p.n_types, 2);
	assert_string_equal(profile_text(&p, p.types[0].type), "before");
	assert_int_equal(p.default_type, value_column(&p, "after"));
	assert_int_equal(p.values[0], 10);
	assert_int_equal(p.values[1], 20);
	profile_release(&p);
}

/* A line that has one count among those that have two is skipped, once that is known. */
static void one_count_among_two(void **state)
{
	enum { LINES = 10000 };
	struct str text = {0};
	struct err err = {0};
	struct profile p;
	char path[] = "/tmp/cprof-folded-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	for (int i = 0; i < LINES; i++)
		str_printf(&text, "a;b%d 1 2\n", i);
	str_puts(&text, "a;c 3\n");
	assert_int_equal(write(fd, text.text, text.len), (ssize_t)text.len);
	close(fd);
	profile_init(&p);
	assert_int_equal(profile_read(path, &p, &err), 0);
	unlink(path);
	assert_int_equal(p.n_samples, LINES);
	assert_int_equal(p.account.skipped_lines, 1);
	assert_string_equal(p.account.skipped_first, "line 10001: 'a;c 3'");
	str_release(&text);
	profile_release(&p);
}

/* What is skipped is in the file that is saved, too. */
static void skips_are_noted(void **state)
{
	static const char text[] = "a;b 1\nx\ny\na;c 2\n";
	struct str line = {0};
	struct profile p;
	struct err err = {0};

	(void)state;
	profile_init(&p);
	assert_int_equal(profile_parse(text, sizeof(text) - 1, &p, &err), 0);
	assert_int_equal(p.n_comments, 1);
	assert_non_null(strstr(profile_text(&p, p.comments[0]), "2 lines of what was read"));
	account_skipped_line(&p.account, "x.folded", &line);
	assert_string_equal(line.text, "2 lines of x.folded were skipped (2 no folded stack); the "
				       "first is line 2: 'x'");
	str_release(&line);
	profile_release(&p);
}

TESTS(T(counts), T(skipped_lines), T(another_text), T(annotations), T(two_counts),
      T(one_count_among_two), T(skips_are_noted))
