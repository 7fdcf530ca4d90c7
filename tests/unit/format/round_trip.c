/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is written in a format that cprof reads, it reads with the same names and totals, and the
 * second trip changes nothing: of random profiles with names and values of the worst kind.
 */
#include "unit/test.h"

#include "base/mem.h"
#include "base/str.h"
#include "format/format.h"

#include <stdio.h>
#include <stdlib.h>

enum { PROFILES = 10000, MAX_DEPTH = 6, SEED = 1 };

/* -- random profiles -- */

static uint64_t state = SEED;

static uint32_t random_below(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % n;
}

#define PICK(array) ((array)[random_below(ARRAY_SIZE(array))])

/* What names are put together of. */
static const char *const pieces[] = {
	"main",
	"a",
	"b",
	" ",
	"  ",
	";",
	";;",
	"\n",
	"\r",
	"\t",
	"\x01\x1b[1m",
	"\x7f",
	"#",
	"# one count a line",
	"# ========",
	"# captured on",
	"_[k]",
	"_[i]",
	"_[j]",
	"_[u]",
	"_[w]",
	"_[0]",
	"_[1]",
	"_[",
	"]",
	" 12",
	"5",
	"-3",
	"1.5",
	"1e+15",
	"[unknown]",
	"[truncated: ",
	"[libfoo.so+0x1234]",
	"(int)",
	" (/bin/x)",
	"\xff\xfe",
	"\xc3\xa9",
	"\xef\xbb\xbf",
	"\x1f\x8b",
	"app 4242 [001] 81.5: 1 cycles: ",
	"app 4242 [001] 81.5: 1 cycles: 401136 leaf (/bin/x)",
	"PERF_RECORD_LOST lost 12",
	"PERFILE2",
	"{\"traceEvents\"",
	"<html",
	"heap profile: ",
	"BZh",
	"process",
	":",
	"?",
	"\\",
	"\"",
	"'",
	"%s",
	"0",
};

static void random_name(char name[static 256])
{
	unsigned n = random_below(4);

	name[0] = '\0';
	while (n--)
		strcat(name, PICK(pieces));
}

static int64_t random_value(bool extreme)
{
	static const int64_t extremes[] = {INT64_MIN, INT64_MAX, INT64_MAX - 1, INT64_MIN + 1, 0};
	static const int64_t plain[] = {0, 1, -1, 2, 40, -3, 1000000, 1ll << 40, -(1ll << 50)};

	return extreme ? PICK(extremes) : PICK(plain);
}

static frame_id random_frame(struct profile *p, const string_id *names, uint32_t n_names)
{
	struct frame f = {.inner = NO_ID};
	unsigned levels = random_below(5) ? 0 : random_below(3);

	f.mapping = p->n_mappings ? random_below((uint32_t)p->n_mappings + 1) : 0;
	f.mapping = f.mapping < p->n_mappings ? f.mapping : NO_ID;
	f.address = random_below(3) ? random_below(100) : UINT64_MAX - random_below(3);
	f.kind = (uint8_t)random_below(N_FRAME_KINDS);
	do {
		f.function = names[random_below(n_names)];
		f.system_name = random_below(2) ? f.function : names[random_below(n_names)];
		f.file = random_below(2) ? names[random_below(n_names)] : 0;
		f.line = random_below(3);
		f.inlined = levels > 0;
		f.inner = profile_add_frame(p, &f);
	} while (levels--);
	return f.inner;
}

static void random_labels(struct profile *p, const string_id *names, uint32_t n_names,
			  struct label l[static 2])
{
	static const int64_t numbers[] = {0, 1, -1, INT64_MIN, INT64_MAX};

	l[0] = (struct label){.key = strings_add(&p->strings, "process"),
			      .text = names[random_below(n_names)]};
	l[1] = (struct label){.key = strings_add(&p->strings, "pid"), .number = PICK(numbers)};
}

/* The first is no expression. */
static const char *const drops[] = {"no such (", ".*", "a|b", "main.*", ".*\\]", "[^m]*"};

static void random_profile(struct profile *p)
{
	static const char *const types[][2] = {{"samples", "count"},
					       {"cpu", "nanoseconds"},
					       {"inuse_space", "bytes"},
					       {"x;y", ""}};
	string_id names[8];
	frame_id frames[8];
	uint32_t n_names = 1 + random_below(ARRAY_SIZE(names)), n_samples = random_below(8);
	uint32_t n_frames = 1 + random_below(ARRAY_SIZE(frames)), n_types = 1 + random_below(4);
	bool extreme = random_below(4) == 0;
	char name[256];

	profile_init(p);
	for (uint32_t i = 0; i < n_types; i++)
		profile_add_type(p, types[i][0], types[i][1]);
	p->default_type = random_below(n_types);
	p->period = random_value(true);
	p->time_ns = random_value(true);
	for (uint32_t i = 0; i < n_names; i++) {
		random_name(name);
		names[i] = strings_add(&p->strings, name);
	}
	for (uint32_t i = random_below(3); i--;) {
		struct mapping m = {.start = random_below(50), .limit = 50 + random_below(50)};

		m.filename = names[random_below(n_names)];
		profile_add_mapping(p, &m);
	}
	for (uint32_t i = 0; i < n_frames; i++)
		frames[i] = random_frame(p, names, n_names);
	if (random_below(4) == 0)
		p->drop_frames = strings_add(&p->strings, PICK(drops));
	if (random_below(4) == 0)
		p->keep_frames = strings_add(&p->strings, PICK(drops));
	for (uint32_t i = 0; i < n_samples; i++) {
		struct label l[2];
		int64_t values[4];
		stack_id stack = NO_ID;

		for (uint32_t k = random_below(MAX_DEPTH); k--;)
			stack = stacks_push(&p->stacks, stack, frames[random_below(n_frames)]);
		random_labels(p, names, n_names, l);
		for (uint32_t k = 0; k < n_types; k++)
			values[k] = random_value(extreme);
		profile_add_sample(p, stack, profile_add_labels(p, l, random_below(3)), values);
	}
}

/* -- what a profile says -- */

/* Names as folded stacks have them: ';' and control characters are replaced, and a frame has one.
 */
static void add_name(struct str *s, const char *name, bool replace)
{
	if (!*name)
		name = "[unknown]";
	for (; *name; name++) {
		bool control = (unsigned char)*name < 32 || *name == 127;

		if (replace && *name == ';')
			str_putc(s, ':');
		else
			str_putc(s, (char)(replace && control ? '?' : *name));
	}
	str_putc(s, '\1');
}

static void add_stack(const struct profile *p, stack_id stack, bool replace, struct str *s)
{
	frame_id path[MAX_DEPTH];
	size_t n = 0;

	for (; stack != NO_ID; stack = stacks_parent(&p->stacks, stack))
		path[n++] = stacks_item(&p->stacks, stack);
	while (n--)
		for (frame_id f = path[n]; f != NO_ID; f = p->frames[f].inner)
			add_name(s, profile_text(p, p->frames[f].function), replace);
}

struct line {
	struct str text;
	__int128 sum;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->text.text, ((const struct line *)b)->text.text);
}

/* Stacks by their names, with the sum of a column, as one text; nothing of what adds up to 0. */
static struct str said(const struct profile *p, size_t column, enum group_by by, bool replace)
{
	auto_free struct line *lines = mem_array(p->n_samples, sizeof(*lines));
	string_id process = strings_find(&p->strings, "process");
	struct str all = {0};

	for (size_t i = 0; i < p->n_samples; i++) {
		const struct label *l = process == NO_ID || by == BY_NONE
						? NULL
						: profile_label(p, p->samples[i].labels, process);

		str_puts(&lines[i].text, "");
		if (l && l->text)
			add_name(&lines[i].text, profile_text(p, l->text), replace);
		add_stack(p, p->samples[i].stack, replace, &lines[i].text);
		lines[i].sum = p->values[i * p->n_types + column];
	}
	if (p->n_samples)
		qsort(lines, p->n_samples, sizeof(*lines), by_text);
	for (size_t i = 0; i < p->n_samples; i++) {
		if (i + 1 < p->n_samples && str_equal(lines[i].text.text, lines[i + 1].text.text))
			lines[i + 1].sum += lines[i].sum;
		else if (lines[i].sum)
			str_printf(&all, "%s %lld\n", lines[i].text.text, (long long)lines[i].sum);
		str_release(&lines[i].text);
	}
	str_puts(&all, "");
	return all;
}

static bool all_have_names(const struct profile *p)
{
	for (frame_id f = 0; f < p->n_frames; f++)
		if (!p->frames[f].function)
			return false;
	return true;
}

static __int128 total(const struct profile *p, size_t column)
{
	__int128 sum = 0;

	for (size_t i = 0; i < p->n_samples; i++)
		sum += p->values[i * p->n_types + column];
	return sum;
}

/* Would a sum of any values leave 64 bits? */
static bool is_extreme(const struct profile *p)
{
	for (size_t i = 0; i < p->n_samples * p->n_types; i++)
		if (p->values[i] > 1ll << 58 || p->values[i] < -(1ll << 58))
			return true;
	return false;
}

/* -- trips -- */

static struct str written(const struct profile *p, const char *format, enum group_by by)
{
	struct write_options o = {.view.by = by};
	struct str out = {0};
	struct err err = {0};

	assert_int_equal(format_append(format_find(format, &err), p, &o, &out, &err), 0);
	return out;
}

static bool read_back(const struct str *bytes, struct profile *ret)
{
	struct err err = {0};

	profile_init(ret);
	return profile_parse(bytes->text, bytes->len, ret, &err) == 0;
}

static void same_text(const struct str *a, const struct str *b, unsigned i)
{
	if (a->len != b->len || (a->len && memcmp(a->text, b->text, a->len) != 0))
		fail_msg("profile %u: '%s' is not '%s'", i, a->text, b->text);
}

static void same_bytes(const struct str *a, const struct str *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->text, b->text, a->len);
}

static void same_stacks(const struct profile *p, const struct profile *q, unsigned i)
{
	for (size_t k = 0; k < p->n_types; k++) {
		struct str one = said(p, k, BY_PROCESS, false), two;

		two = said(q, k, BY_PROCESS, false);
		same_text(&one, &two, i);
		str_release(&one);
		str_release(&two);
	}
}

static void pprof_trip(const struct profile *p, unsigned i)
{
	struct str first = written(p, "pprof", BY_NONE), second, third;
	struct profile q, r;

	assert_true(read_back(&first, &q));
	assert_int_equal(q.n_types, p->n_types);
	assert_int_equal(q.default_type, p->default_type);
	assert_int_equal(q.period, p->period);
	assert_int_equal(q.time_ns, p->time_ns);
	assert_string_equal(profile_text(&q, q.drop_frames), profile_text(p, p->drop_frames));
	assert_string_equal(profile_text(&q, q.keep_frames), profile_text(p, p->keep_frames));
	/* A frame without a name has a placeholder from then on. */
	if (all_have_names(p) && !p->drop_frames)
		same_stacks(p, &q, i);
	/* Stacks that become one may leave 64 bits, and stay at the limit. */
	for (size_t k = 0; k < p->n_types && !(p->drop_frames && is_extreme(p)); k++)
		assert_true(total(p, k) == total(&q, k));
	second = written(&q, "pprof", BY_NONE);
	assert_true(read_back(&second, &r));
	third = written(&r, "pprof", BY_NONE);
	/* Locations that no stack has any more have left their numbers free. */
	if (p->drop_frames)
		same_stacks(&q, &r, i);
	else
		same_bytes(&second, &third);
	str_release(&first);
	str_release(&second);
	str_release(&third);
	profile_release(&q);
	profile_release(&r);
}

static void folded_trip(const struct profile *p, unsigned i)
{
	enum group_by by = i % 2 ? BY_PROCESS : BY_NONE;
	struct str first = written(p, "folded", by), second;
	struct write_options o = {.view = {.by = by, .count = true}};
	struct err err = {0};
	uint32_t column = profile_value_index(p, &o.view, &err);
	struct profile q;

	if (!first.len) {
		str_release(&first);
		return;
	}
	if (!read_back(&first, &q))
		fail_msg("profile %u is not read: '%s'", i, first.text);
	if (q.account.skipped_lines)
		fail_msg("profile %u: %s in '%s'", i, q.account.skipped_first, first.text);
	if (!is_extreme(p)) {
		struct str one = said(p, column, by, true), two = said(&q, 0, BY_NONE, false);

		same_text(&one, &two, i);
		assert_true(total(p, column) == total(&q, 0));
		str_release(&one);
		str_release(&two);
	}
	second = written(&q, "folded", BY_NONE);
	same_text(&first, &second, i);
	str_release(&first);
	str_release(&second);
	profile_release(&q);
}

static void trips_change_nothing(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < PROFILES; i++) {
		struct profile p;

		random_profile(&p);
		pprof_trip(&p, i);
		folded_trip(&p, i);
		profile_release(&p);
	}
}

TESTS(T(trips_change_nothing))
