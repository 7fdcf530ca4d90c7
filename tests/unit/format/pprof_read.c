/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pprof files of other writers: what they leave out, what they want left out, and in what packing.
 */
#include "unit/test.h"

#include "base/gzip.h"
#include "base/io.h"
#include "base/mem.h"
#include "format/format.h"

#include <stdio.h>

/* -- making one -- */

static void put_varint(struct str *s, uint64_t value)
{
	for (; value > 127; value >>= 7)
		str_putc(s, (char)(value | 128));
	str_putc(s, (char)value);
}

static void put_number(struct str *s, unsigned field, uint64_t value)
{
	put_varint(s, field << 3);
	put_varint(s, value);
}

static void put_bytes(struct str *s, unsigned field, const void *bytes, size_t len)
{
	put_varint(s, field << 3 | 2);
	put_varint(s, len);
	str_add(s, bytes, len);
}

static void put_part(struct str *s, unsigned field, struct str *part)
{
	put_bytes(s, field, part->text, part->len);
	str_release(part);
}

struct file {
	struct str bytes;
	const char *strings[64];
	uint64_t n_strings, n_functions, n_locations;
};

static uint64_t text_of(struct file *f, const char *text)
{
	for (uint64_t i = 0; i < f->n_strings; i++)
		if (strcmp(f->strings[i], text) == 0)
			return i;
	f->strings[f->n_strings] = text;
	return f->n_strings++;
}

static struct file new_file(void)
{
	struct file f = {.strings = {""}, .n_strings = 1};

	return f;
}

static void put_type(struct file *f, const char *type, const char *unit)
{
	struct str part = {0};

	put_number(&part, 1, text_of(f, type));
	put_number(&part, 2, text_of(f, unit));
	put_part(&f->bytes, 1, &part);
}

static uint64_t function_of(struct file *f, const char *name, const char *system_name)
{
	struct str part = {0};

	put_number(&part, 1, ++f->n_functions);
	put_number(&part, 2, text_of(f, name));
	put_number(&part, 3, text_of(f, system_name));
	put_part(&f->bytes, 5, &part);
	return f->n_functions;
}

/* A location of functions, the innermost first, NULL behind the last. */
static uint64_t location_of(struct file *f, uint64_t mapping, const char *const *names)
{
	struct str part = {0};

	put_number(&part, 1, ++f->n_locations);
	if (mapping)
		put_number(&part, 2, mapping);
	put_number(&part, 3, 0x1000 + f->n_locations);
	for (; *names; names++) {
		struct str line = {0};

		put_number(&line, 1, function_of(f, *names, *names));
		put_part(&part, 4, &line);
	}
	put_part(&f->bytes, 4, &part);
	return f->n_locations;
}

static uint64_t simple_location(struct file *f, const char *name)
{
	return location_of(f, 0, (const char *const[]){name, NULL});
}

static void put_sample(struct file *f, const uint64_t *locations, size_t n, int64_t value)
{
	struct str part = {0};

	while (n--)
		put_number(&part, 1, *locations++);
	put_number(&part, 2, (uint64_t)value);
	put_part(&f->bytes, 2, &part);
}

/* The whole file; the strings come last. */
static struct str finished(struct file *f)
{
	for (uint64_t i = 0; i < f->n_strings; i++)
		put_bytes(&f->bytes, 6, f->strings[i], strlen(f->strings[i]));
	return f->bytes;
}

/* -- reading it -- */

static void read_file(const struct str *bytes, struct profile *ret)
{
	struct err err = {0};

	profile_init(ret);
	if (profile_parse(bytes->text, bytes->len, ret, &err))
		fail_msg("%s", err.what);
}

static void expect_folded(const struct profile *p, const char *expected)
{
	struct write_options o = {.view.by = BY_NONE};
	struct str out = {0};
	struct err err = {0};

	assert_int_equal(format_append(format_find("folded", &err), p, &o, &out, &err), 0);
	assert_string_equal(out.text, expected);
	str_release(&out);
}

static void expect(struct file *f, const char *folded)
{
	struct str bytes = finished(f);
	struct profile p;

	read_file(&bytes, &p);
	expect_folded(&p, folded);
	str_release(&bytes);
	profile_release(&p);
}

/* -- what is left out -- */

static void a_mapping_that_is_not_there(void **state)
{
	struct file f = new_file();
	uint64_t location;

	(void)state;
	put_type(&f, "x", "bytes");
	location = location_of(&f, 9, (const char *const[]){"main", NULL});
	put_sample(&f, &location, 1, 10);
	expect(&f, "main 10\n");
}

static void names_mangled_or_missing(void **state)
{
	struct file f = new_file();
	uint64_t locations[4];
	struct str line = {0}, part = {0};

	(void)state;
	put_type(&f, "x", "bytes");
	locations[3] = simple_location(&f, "_ZN3foo3barEv");
	locations[2] = simple_location(&f, "_RNvC6_123foo3bar");
	locations[1] = simple_location(&f, "");
	/* A system name only. */
	put_number(&line, 1, function_of(&f, "", "_ZN3foo3barEv"));
	put_number(&part, 1, ++f.n_locations);
	put_part(&part, 4, &line);
	put_part(&f.bytes, 4, &part);
	locations[0] = f.n_locations;
	put_sample(&f, locations, 4, 10);
	expect(&f, "foo::bar;123foo::bar;[unknown+0x1003];foo::bar 10\n");
}

static void many_value_types(void **state)
{
	(void)state;
	for (int n = 40; n <= MAX_VALUE_TYPES + 1; n += MAX_VALUE_TYPES + 1 - 40) {
		struct file f = new_file();
		struct str part = {0}, bytes;
		struct profile p;
		struct err err = {0};

		for (int i = 0; i < n; i++)
			put_type(&f, i + 1 < n ? "x" : "last", "bytes");
		put_number(&part, 1, simple_location(&f, "main"));
		for (int i = 0; i < n; i++)
			put_number(&part, 2, (uint64_t)i);
		put_part(&f.bytes, 2, &part);
		bytes = finished(&f);
		profile_init(&p);
		if (n <= MAX_VALUE_TYPES) {
			assert_int_equal(profile_parse(bytes.text, bytes.len, &p, &err), 0);
			expect_folded(&p, "main 39\n");
		} else {
			assert_true(profile_parse(bytes.text, bytes.len, &p, &err) < 0);
			assert_string_equal(err.what, "more than 256 value types");
		}
		str_release(&bytes);
		profile_release(&p);
	}
}

/* The default's own values, but for time, which is counted in samples where these have its sign. */
static void folded_values(void **state)
{
	static const struct {
		const char *types[2], *units[2];
		int64_t values[2];
		const char *folded;
	} all[] = {
		{{"wall", "heap"}, {"milliseconds", "kilobytes"}, {1500, 2048}, "m 2048\n"},
		{{"samples", "cpu"}, {"count", "nanoseconds"}, {3, 30}, "m 3\n"},
		{{"samples", "cpu"}, {"count", "nanoseconds"}, {-3, -30}, "m -3\n"},
		{{"samples", "cpu"}, {"count", "nanoseconds"}, {3, -30}, "m -30\n"},
		{{"samples", "cycles"}, {"count", "count"}, {3, 3000}, "m 3000\n"},
		{{"samples", "lost"}, {"count", "bytes"}, {3, 4096}, "m 4096\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct file f = new_file();
		struct str part = {0};

		for (int k = 0; k < 2; k++)
			put_type(&f, all[i].types[k], all[i].units[k]);
		put_number(&part, 1, simple_location(&f, "m"));
		for (int k = 0; k < 2; k++)
			put_number(&part, 2, (uint64_t)all[i].values[k]);
		put_part(&f.bytes, 2, &part);
		expect(&f, all[i].folded);
	}
}

/* -- drop_frames, keep_frames: what go tool pprof makes of the same files -- */

static struct file dropping(const char *drop, const char *keep)
{
	struct file f = new_file();
	uint64_t locations[4];

	put_type(&f, "x", "bytes");
	put_number(&f.bytes, 7, text_of(&f, drop));
	if (*keep)
		put_number(&f.bytes, 8, text_of(&f, keep));
	locations[3] = simple_location(&f, "main");
	locations[2] = location_of(
		&f, 0,
		(const char *const[]){"std::in(int)", ".mid", "(anonymous namespace)::out", NULL});
	locations[1] = simple_location(&f, "A::operator()(int) const");
	locations[0] = simple_location(&f, "leaf");
	put_sample(&f, locations, 4, 10);
	put_sample(&f, locations + 1, 1, 5);
	return f;
}

static void frames_are_dropped(void **state)
{
	static const char out[] = "main;(anonymous namespace)::out;.mid_[i];std::in(int)_[i];";
	static const char op[] = "A::operator()(int) const";
	static const struct {
		const char *drop, *keep, *first; /* the longer stack; NULL: it is whole */
	} all[] = {
		{"nothing", "", NULL},
		{"leaf", "",
		 "main;(anonymous namespace)::out;.mid_[i];std::in(int)_[i];"
		 "A::operator()(int) const"},
		{"leaf", "le.*", NULL},
		{"lea", "", NULL}, /* not the whole name */
		{"mid", "", "main;(anonymous namespace)::out"},
		{"std::in", "", "main;(anonymous namespace)::out;.mid_[i]"},
		{"std::in|\\(anonymous namespace\\)::out", "", "main"},
		{"A::operator\\(\\)", "",
		 "main;(anonymous namespace)::out;.mid_[i];std::in(int)_[i]"},
		/* What comes before all others stays. */
		{"main|leaf", "",
		 "main;(anonymous namespace)::out;.mid_[i];std::in(int)_[i];"
		 "A::operator()(int) const"},
		{".*", "", NULL},
		{".*", "main|leaf", "main"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct file f = dropping(all[i].drop, all[i].keep);
		/* Of the location in the middle the lines are gone where they match. */
		bool all_match = strcmp(all[i].drop, ".*") == 0 && !*all[i].keep;
		auto_free char *whole = mem_printf("%s%s;leaf", out, op);
		auto_free char *folded = NULL;

		folded = mem_printf("A::operator()(int) const 5\n%s 10\n",
				    all[i].first && !all_match ? all[i].first : whole);
		expect(&f, folded);
	}
}

static void expressions_are_kept(void **state)
{
	struct file f = dropping("leaf", "x|y");
	struct str bytes = finished(&f), again = {0};
	struct write_options o = {0};
	struct profile p, q;
	struct err err = {0};

	(void)state;
	read_file(&bytes, &p);
	assert_int_equal(format_append(format_find("pprof", &err), &p, &o, &again, &err), 0);
	read_file(&again, &q);
	assert_string_equal(profile_text(&q, q.drop_frames), "leaf");
	assert_string_equal(profile_text(&q, q.keep_frames), "x|y");
	str_release(&bytes);
	str_release(&again);
	profile_release(&p);
	profile_release(&q);
}

/* A location at the root that loses what is inlined in it, and what it calls is dropped: it stays,
 * since nothing else comes before it. So it does when it is read a second time. */
static void a_cut_location_stays_one(void **state)
{
	struct file f = new_file();
	struct write_options o = {0};
	struct str bytes, again = {0};
	uint64_t locations[2];
	struct profile p, q;
	struct err err = {0};

	(void)state;
	put_type(&f, "x", "bytes");
	put_number(&f.bytes, 7, text_of(&f, "drop"));
	locations[1] = location_of(&f, 0, (const char *const[]){"drop", "main", NULL});
	locations[0] = simple_location(&f, "drop");
	put_sample(&f, locations, 2, 10);
	bytes = finished(&f);
	read_file(&bytes, &p);
	expect_folded(&p, "main;drop 10\n");
	assert_int_equal(format_append(format_find("pprof", &err), &p, &o, &again, &err), 0);
	read_file(&again, &q);
	expect_folded(&q, "main;drop 10\n");
	str_release(&bytes);
	str_release(&again);
	profile_release(&p);
	profile_release(&q);
}

/* What is no expression drops nothing, and that is said. */
static void bad_expressions_are_told(void **state)
{
	static const char *const drops[][2] = {{"(", ""}, {"leaf", "["}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(drops); i++) {
		struct file f = dropping(drops[i][0], drops[i][1]);
		struct str bytes = finished(&f);
		struct profile p;

		read_file(&bytes, &p);
		assert_int_equal(p.account.skipped_by_reason.n, 1);
		assert_non_null(strstr(p.account.skipped_first, i ? "keep_frames" : "drop_frames"));
		assert_int_equal(p.n_comments, 1);
		str_release(&bytes);
		profile_release(&p);
	}
}

/* -- gzip -- */

static void pack(struct str *out, const char *data, size_t len)
{
	FILE *file = tmpfile();
	struct gzip_writer *w = gzip_writer_new(fileno(file));

	assert_int_equal(gzip_write(w, data, len), 0);
	assert_int_equal(gzip_finish(w), 0);
	gzip_writer_free(w);
	rewind(file);
	assert_int_equal(fd_read(fileno(file), 1 << 20, out), 0);
	fclose(file);
}

/* Whole profiles in a row are one, and so is one cut in the middle of a field. */
static void members_are_one_file(void **state)
{
	struct file f = dropping("no", "");
	struct str bytes = finished(&f), packed = {0};
	struct profile p;

	(void)state;
	for (size_t cut = 1; cut < bytes.len; cut += 7) {
		str_release(&packed);
		pack(&packed, bytes.text, cut);
		pack(&packed, bytes.text + cut, bytes.len - cut);
		read_file(&packed, &p);
		assert_int_equal(p.n_samples, 2);
		assert_int_equal(p.account.skipped_bytes, 0);
		profile_release(&p);
	}
	/* What follows the last one is told. */
	str_add(&packed, "\0\0\0\0", 4);
	read_file(&packed, &p);
	assert_int_equal(p.n_samples, 2);
	assert_int_equal(p.account.skipped_bytes, 4);
	assert_string_equal(p.account.skipped_by_reason.rows[0].text,
			    "zeros behind the end of the gzip data");
	profile_release(&p);
	str_release(&bytes);
	str_release(&packed);
}

TESTS(T(a_mapping_that_is_not_there), T(names_mangled_or_missing), T(many_value_types),
      T(folded_values), T(frames_are_dropped), T(expressions_are_kept), T(bad_expressions_are_told),
      T(a_cut_location_stays_one), T(members_are_one_file))
