/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written is read back; the tree's sums agree with the samples; damage is one error. */
#include "unit/test.h"

#include "analysis/coverage.h"
#include "base/io.h"
#include "base/mem.h"
#include "format/format.h"
#include "format/table.h"

#include <stdio.h>

static frame_id frame(struct profile *p, const char *name, mapping_id mapping, uint64_t address)
{
	struct frame f = {.mapping = mapping, .inner = NO_ID, .address = address, .named = true};

	f.function = f.system_name = strings_add(&p->strings, name);
	return profile_add_frame(p, &f);
}

/*
 *   main ─ work ─ leaf    3 (pid 1)     main ─ work ─ work ─ leaf  2 (pid 2)
 *        └ do;it          4 (pid 1)
 */
static void make(struct profile *p)
{
	struct mapping m = {.start = 0x400000, .limit = 0x500000};
	struct label l[2] = {{0}};
	int64_t v[2];
	mapping_id map;
	labels_id one, two;
	stack_id main_, work, again;

	profile_init(p);
	profile_add_type(p, "samples", "count");
	profile_add_type(p, "cpu", "nanoseconds");
	p->default_type = 1;
	p->period = 10;
	p->duration_ns = 5000;
	p->time_ns = 1700000000000000000;
	p->period_type = p->types[1];
	m.filename = strings_add(&p->strings, "/usr/bin/prog");
	m.build_id = strings_add(&p->strings, "abcdef");
	map = profile_add_mapping(p, &m);
	l[0].key = strings_add(&p->strings, "pid");
	l[1].key = strings_add(&p->strings, "process");
	l[1].text = strings_add(&p->strings, "prog");
	l[0].number = 1;
	one = profile_add_labels(p, l, 2);
	l[0].number = 2;
	two = profile_add_labels(p, l, 2);
	main_ = stacks_push(&p->stacks, NO_ID, frame(p, "main", map, 0x400100));
	work = stacks_push(&p->stacks, main_, frame(p, "work", map, 0x400200));
	again = stacks_push(&p->stacks, work, frame(p, "work", map, 0x400204));
	v[0] = 3, v[1] = 30;
	profile_add_sample(p, stacks_push(&p->stacks, work, frame(p, "leaf", map, 0x400300)), one,
			   v);
	v[0] = 2, v[1] = 20;
	profile_add_sample(p, stacks_push(&p->stacks, again, frame(p, "leaf", map, 0x400300)), two,
			   v);
	v[0] = 4, v[1] = 40;
	profile_add_sample(p, stacks_push(&p->stacks, main_, frame(p, "do;it", map, 0x400400)), one,
			   v);
	profile_add_comment(p, "a comment");
}

static struct str written(const struct profile *p, const struct format *f, enum group_by by)
{
	struct write_options o = {.view.by = by};
	FILE *file = tmpfile();
	struct str out = {0};
	struct err err = {0};

	assert_int_equal(f->write(p, fileno(file), &o, &err), 0);
	rewind(file);
	assert_int_equal(fd_read(fileno(file), 4 << 20, &out), 0);
	fclose(file);
	return out;
}

static void pprof_round_trip(void **state)
{
	struct profile p, q;
	struct str one, two;
	struct err err = {0};

	(void)state;
	make(&p);
	one = written(&p, format_at(0), BY_NONE);
	profile_init(&q);
	assert_int_equal(profile_parse(one.text, one.len, &q, &err), 0);
	assert_int_equal(q.n_samples, 3);
	assert_int_equal(q.n_mappings, 1);
	assert_int_equal(q.mappings[0].start, 0x400000);
	assert_int_equal(q.duration_ns, 5000);
	assert_int_equal(q.period, 10);
	assert_int_equal(q.default_type, 1);
	assert_string_equal(profile_text(&q, q.comments[0]), "a comment");
	two = written(&q, format_at(1), BY_PID);
	assert_string_equal(two.text, "prog-1;main;do:it 4\nprog-1;main;work;leaf 3\n"
				      "prog-2;main;work;work;leaf 2\n");
	str_release(&one);
	str_release(&two);
	profile_release(&p);
	profile_release(&q);
}

/* Code of an interpreter in the file of a library, and two instructions of one code object, are
 * what they were; a kind that there is not is what the mapping says. */
static void kinds_survive(void **state)
{
	static const char bad_kind[] = "\x0a\x00\x32\x00\x22\x08\x08\x01\x18\x10\xc0\x3e\xff\x01";
	struct mapping m = {.start = 0x1000, .limit = 0x9000};
	struct frame f = {.kind = FRAME_JIT, .inner = NO_ID, .address = 0x2000, .named = true};
	const int64_t one = 1;
	struct profile p, q;
	struct str text;
	struct err err = {0};

	(void)state;
	profile_init(&p);
	profile_add_type(&p, "samples", "count");
	m.filename = strings_add(&p.strings, "/usr/lib/libpython3.11.so");
	f.mapping = profile_add_mapping(&p, &m);
	f.function = strings_add(&p.strings, "work");
	for (f.position = 1; f.position <= 2; f.position++)
		profile_add_sample(&p, stacks_push(&p.stacks, NO_ID, profile_add_frame(&p, &f)),
				   profile_add_labels(&p, NULL, 0), &one);
	text = written(&p, format_at(0), BY_NONE);
	profile_init(&q);
	assert_int_equal(profile_parse(text.text, text.len, &q, &err), 0);
	assert_int_equal(q.n_samples, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct frame *got = &q.frames[stacks_item(&q.stacks, q.samples[i].stack)];

		assert_int_equal(got->kind, FRAME_JIT);
		assert_int_equal(got->position, i + 1);
	}
	profile_release(&q);
	profile_init(&q);
	assert_int_equal(profile_parse(bad_kind, sizeof(bad_kind) - 1, &q, &err), 0);
	assert_int_equal(q.frames[0].kind, FRAME_USER);
	str_release(&text);
	profile_release(&p);
	profile_release(&q);
}

/* Many samples of one stack with much inlined in it are no danger. */
static void inlined_levels_count_once(void **state)
{
	enum { SAMPLES = 70000, LEVELS = 1000 }; /* more levels than a profile may have */
	struct frame f = {.mapping = NO_ID, .inner = NO_ID, .inlined = true};
	struct label l = {0};
	struct profile p, q;
	struct str packed;
	struct err err = {0};

	(void)state;
	profile_init(&p);
	profile_add_type(&p, "samples", "count");
	f.function = strings_add(&p.strings, "f");
	for (uint32_t i = 0; i < LEVELS; i++) {
		f.line = i + 1;
		f.inlined = i + 1 < LEVELS;
		f.inner = profile_add_frame(&p, &f);
	}
	stacks_push(&p.stacks, NO_ID, f.inner);
	l.key = strings_add(&p.strings, "request");
	for (int i = 0; i < SAMPLES; i++) {
		l.number = i;
		profile_add_sample(&p, 1, profile_add_labels(&p, &l, 1), &(int64_t){1});
	}
	packed = written(&p, format_at(0), BY_NONE);
	profile_init(&q);
	assert_int_equal(profile_parse(packed.text, packed.len, &q, &err), 0);
	assert_int_equal(q.n_samples, SAMPLES);
	str_release(&packed);
	profile_release(&p);
	profile_release(&q);
}

/* What started the command has the first sample, a library most of the leaves. */
static void first_mapping_is_the_main_program(void **state)
{
	static const char *const files[] = {"/usr/bin/launcher", "/usr/lib/libc.so.6",
					    "/usr/bin/prog"};
	struct profile p, q;
	struct str packed;
	struct err err = {0};
	mapping_id maps[3];
	labels_id none;
	stack_id stack;

	(void)state;
	profile_init(&p);
	profile_add_type(&p, "samples", "count");
	none = profile_add_labels(&p, NULL, 0);
	for (size_t i = 0; i < 3; i++) {
		struct mapping m = {.start = i << 20, .limit = (i + 1) << 20};

		m.filename = strings_add(&p.strings, files[i]);
		maps[i] = profile_add_mapping(&p, &m);
	}
	profile_add_sample(&p, stacks_push(&p.stacks, NO_ID, frame(&p, "execve", maps[0], 1)), none,
			   &(int64_t){1});
	stack = stacks_push(&p.stacks, NO_ID, frame(&p, "main", maps[2], 0x200001));
	profile_add_sample(&p, stacks_push(&p.stacks, stack, frame(&p, "qsort", maps[1], 0x100001)),
			   none, &(int64_t){9});
	packed = written(&p, format_at(0), BY_NONE);
	profile_init(&q);
	assert_int_equal(profile_parse(packed.text, packed.len, &q, &err), 0);
	assert_int_equal(q.n_mappings, 3);
	assert_string_equal(profile_text(&q, q.mappings[0].filename), "/usr/bin/prog");
	str_release(&packed);
	profile_release(&p);
	profile_release(&q);
}

static void inlined_frames_share_a_location(void **state)
{
	struct frame outer = {.mapping = NO_ID, .address = 0x10, .inner = NO_ID, .named = true};
	struct frame inner = outer;
	struct profile p, q;
	struct str bytes;
	struct err err = {0};
	const struct frame *got;
	int64_t v = 1;
	stack_id s;

	(void)state;
	profile_init(&p);
	profile_add_type(&p, "samples", "count");
	outer.function = strings_add(&p.strings, "outer");
	inner.function = strings_add(&p.strings, "inner");
	inner.inlined = true;
	outer.inner = profile_add_frame(&p, &inner);
	s = stacks_push(&p.stacks, NO_ID, profile_add_frame(&p, &outer));
	profile_add_sample(&p, s, profile_add_labels(&p, NULL, 0), &v);
	bytes = written(&p, format_at(0), BY_NONE);
	profile_init(&q);
	assert_int_equal(profile_parse(bytes.text, bytes.len, &q, &err), 0);
	assert_int_equal(q.stacks.n, 2);
	got = &q.frames[stacks_item(&q.stacks, 1)];
	assert_false(got->inlined);
	assert_string_equal(profile_text(&q, got->function), "outer");
	got = &q.frames[got->inner];
	assert_true(got->inlined);
	assert_string_equal(profile_text(&q, got->function), "inner");
	assert_int_equal(got->inner, NO_ID);
	str_release(&bytes);
	profile_release(&p);
	profile_release(&q);
}

/* Every cut and every flipped byte: an error or a profile, nothing else. */
static void damage_is_survived(void **state)
{
	struct profile p;
	struct str bytes, plain = {0};
	struct err err = {0};

	(void)state;
	make(&p);
	bytes = written(&p, format_at(0), BY_NONE);
	assert_int_equal(profile_parse("", 0, &p, &err), -22);
	for (size_t cut = 1; cut < bytes.len; cut++) {
		struct profile q;

		profile_init(&q);
		assert_true(profile_parse(bytes.text, cut, &q, &err) < 0);
		profile_release(&q);
	}
	for (size_t i = 0; i < bytes.len; i++) {
		struct profile q;

		bytes.text[i] ^= 0x20;
		profile_init(&q);
		profile_parse(bytes.text, bytes.len, &q, &err);
		profile_release(&q);
		bytes.text[i] ^= 0x20;
	}
	str_release(&plain);
	str_release(&bytes);
	profile_release(&p);
}

static void folded_lines(void **state)
{
	static const char good[] =
		"a;b_[k];c_[i];d_[j] 3\r\n# comment\na;b_[k];c_[i];d_[j] 4\nx y;z 1";
	static const char *const bad[] = {"a;b\n",
					  "a;b x\n",
					  "5\n",
					  "a 1.2.3\n",
					  "a -\n",
					  "a 1e\n",
					  "a 99999999999999999999\n"};
	struct profile p;
	struct err err = {0};
	struct str out;

	(void)state;
	profile_init(&p);
	assert_int_equal(profile_parse(good, sizeof(good) - 1, &p, &err), 0);
	out = written(&p, format_at(1), BY_PROCESS);
	assert_string_equal(out.text, "a;b_[k];c_[i];d_[j] 7\nx y;z 1\n");
	str_release(&out);
	profile_release(&p);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		profile_init(&p);
		assert_true(profile_parse(bad[i], strlen(bad[i]), &p, &err) < 0);
		profile_release(&p);
	}
}

static void counts_named_frames(void **state)
{
	struct account a = {0};
	struct profile p;

	(void)state;
	make(&p);
	p.frames[2].named = false; /* leaf, by ids in make(): main, work, work, leaf */
	p.frames[3].named = false;
	coverage_count(&p, &a);
	assert_int_equal(a.frames, 3 * 3 + 2 * 4 + 4 * 2);
	assert_int_equal(a.frames_named, a.frames - 5 - 2);
	profile_release(&p);
}

TESTS(T(pprof_round_trip), T(kinds_survive), T(first_mapping_is_the_main_program),
      T(inlined_levels_count_once), T(inlined_frames_share_a_location), T(damage_is_survived),
      T(folded_lines), T(counts_named_frames))
