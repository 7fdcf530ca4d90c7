/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads folded stacks: `process;frame;...;leaf count`. */
#include "base/demangle.h"
#include "base/lines.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sum.h"
#include "format/folded_line.h"
#include "format/format.h"
#include "profile/intake.h"
#include "profile/named_mappings.h"
#include "profile/values.h"

#include <string.h>

enum {
	MAX_LEVELS = 4096, /* of what is inlined in a frame */
};

struct reader {
	struct profile *p;
	struct named_mappings mappings;
	struct intake intake;
	bool full;
	/* Words are names as they stand in the file, with their annotation. */
	struct strings texts;
	struct frame *words;
	frame_id *plain; /* the frame of each; NO_ID: it is inlined, or not made yet */
	size_t n_words, cap_words, cap_plain;
	frame_id *frames; /* INTAKE_MAX_FRAMES, of the line */
	labels_id no_labels;
	uint64_t taken; /* lines */
	bool has_two;   /* counts a line: of difffolded.pl */
	bool has_parts; /* there are fractions, in a second column until all are read */
};

/* Does a name end with "_[x]", x being one of these? */
static bool is_annotated(const char *name, size_t len, const char *with)
{
	return len > 4 && name[len - 4] == '_' && name[len - 3] == '[' && name[len - 1] == ']' &&
	       strchr(with, name[len - 2]);
}

/*
 * Takes the annotation off a name, where it has one: flamegraph.pl's _[k], _[j], _[i] and _[w] (of
 * who wakes), async-profiler's _[0] (interpreted) and _[1] (compiled in haste), and our _[u], which
 * says of a name that only looks annotated that it is not.
 */
static size_t take_annotation(const char *name, size_t len, struct frame *f)
{
	if (is_annotated(name, len, FOLDED_PLAIN))
		return is_annotated(name, len - 4, FOLDED_ANNOTATIONS) ? len - 4 : len;
	if (!is_annotated(name, len, FOLDED_ANNOTATIONS))
		return len;
	switch (name[len - 2]) {
	case 'k':
		f->kind = FRAME_KERNEL;
		break;
	case 'j':
	case '0':
	case '1':
		f->kind = FRAME_JIT;
		break;
	case 'i':
		f->inlined = true;
		break;
	default:
		break;
	}
	return len - 4;
}

/* The mapping that stands for a kind, so that the kind outlives the way through other formats. */
static mapping_id mapping_of_kind(struct reader *r, enum frame_kind kind)
{
	struct mapping like = {.limit = UINT64_MAX, .has_functions = true};

	if (kind != FRAME_KERNEL && kind != FRAME_JIT)
		return NO_ID;
	like.filename =
		strings_add(&r->p->strings, kind == FRAME_JIT ? "[jit]" : "[kernel.kallsyms]");
	return named_mappings_add(&r->mappings, &like);
}

/* The line goes on behind the name, but not for long. */
static bool folded_read_is_note(const char *name, size_t len)
{
	static const char *const notes[] = {"[truncated: ", "[stack lost: "};

	for (size_t i = 0; i < ARRAY_SIZE(notes); i++)
		if (len >= strlen(notes[i]) && memcmp(name, notes[i], strlen(notes[i])) == 0)
			return true;
	return false;
}

/* Tools that do not demangle write what symbols are called. */
static void show_readable(const struct reader *r, struct frame *f)
{
	const char *name = profile_text(r->p, f->function);
	auto_free char *readable = *name == '_' ? demangle(name, false) : NULL;

	if (readable)
		f->function = strings_add(&r->p->strings, readable);
}

static string_id word_of(struct reader *r, const char *name, size_t len)
{
	string_id id = strings_add_n(&r->texts, name, len);

	array_reserve(r->words, r->cap_words, r->texts.n);
	array_reserve(r->plain, r->cap_plain, r->texts.n);
	for (; r->n_words < r->texts.n; r->n_words++) {
		const char *text = strings_get(&r->texts, (string_id)r->n_words);
		struct frame f = {.mapping = NO_ID, .inner = NO_ID};
		size_t n = take_annotation(text, strlen(text), &f);

		f.function = f.system_name = n ? strings_add_n(&r->p->strings, text, n)
					       : strings_add(&r->p->strings, FOLDED_UNKNOWN);
		if (!text[n] && folded_read_is_note(text, n))
			f.kind = FRAME_NOTE;
		show_readable(r, &f);
		f.named = n && !name_is_placeholder(profile_text(r->p, f.function));
		f.mapping = mapping_of_kind(r, f.kind);
		r->words[r->n_words] = f;
		r->plain[r->n_words] = NO_ID;
	}
	return id;
}

static frame_id folded_read_frame_of(struct reader *r, string_id word, frame_id inner)
{
	struct frame f = r->words[word];
	frame_id id;

	f.inner = inner;
	id = profile_add_frame(r->p, &f);
	if (inner == NO_ID && !f.inlined)
		r->plain[word] = id;
	return id;
}

/* The frames of a stack, from the leaf to the root: what is inlined is part of the frame before it.
 * Returns how many, or more than INTAKE_MAX_FRAMES. */
static size_t take_frames(struct reader *r, const char *stack, size_t len)
{
	size_t depth = 0, levels = 0;
	frame_id inner = NO_ID;

	for (const char *end = stack + len, *name; end; end = name > stack ? name - 1 : NULL) {
		string_id word;

		name = memrchr(stack, ';', (size_t)(end - stack));
		name = name ? name + 1 : stack;
		if (depth == INTAKE_MAX_FRAMES)
			return depth + 1;
		word = word_of(r, name, (size_t)(end - name));
		if (inner == NO_ID && r->plain[word] != NO_ID) {
			r->frames[depth++] = r->plain[word];
			continue;
		}
		inner = folded_read_frame_of(r, word, inner);
		if (r->words[word].inlined && name > stack && ++levels < MAX_LEVELS)
			continue;
		levels = 0;
		r->frames[depth++] = inner;
		inner = NO_ID;
	}
	return depth;
}

/* Fractions get a column for a while, in which they add up exactly. */
static void begin_parts(struct reader *r)
{
	r->full = !intake_finish(&r->intake) || r->full;
	profile_add_type(r->p, "parts", "count");
	r->has_parts = true;
}

/* Makes whole numbers of counts with fractions: what is left of one is passed on to the next, so
 * that the total is what it was, rounded. */
static void settle_parts(struct profile *p)
{
	__int128 carry = 0;

	for (size_t i = 0; i < p->n_samples; i++) {
		int64_t whole = p->values[2 * i];
		__int128 rounded;

		carry += p->values[2 * i + 1];
		rounded = (carry + (carry < 0 ? -FOLDED_PARTS : FOLDED_PARTS) / 2) / FOLDED_PARTS;
		carry -= rounded * FOLDED_PARTS;
		sum_add(&whole, (int64_t)rounded);
		p->values[i] = whole;
	}
	p->n_types = 1;
}

/* NULL, or why the line was not taken. */
static const char *take_line(struct reader *r, const char *line, size_t len)
{
	struct folded_count count, first;
	int64_t values[2];
	size_t depth;

	if (!folded_count_of(line, len, &count))
		return "no folded stack";
	if (r->has_two && !folded_has_two_counts(line, &count, &first))
		return "not two counts, as the others have";
	if (count.too_large || (r->has_two && first.too_large))
		return "a count beyond 64 bits";
	values[0] = r->has_two ? first.whole : count.whole;
	values[1] = r->has_two ? count.whole : count.parts;
	if (count.parts && !r->has_parts)
		begin_parts(r);
	len = r->has_two ? first.stack_len : count.stack_len;
	/* As Perl's split() does; heaptrack_print ends all stacks so. */
	while (len && line[len - 1] == ';')
		len--;
	depth = len ? take_frames(r, line, len) : 0;
	if (depth > INTAKE_MAX_FRAMES)
		return "deeper than 65,536 frames";
	r->full = !intake_add(&r->intake, r->frames, depth, r->no_labels, values) || r->full;
	r->taken++;
	return NULL;
}

/* Do all lines that are in memory already have two counts, as those of difffolded.pl? */
static bool lines_have_two_counts(const struct lines *lines)
{
	struct folded_count count, first;
	bool some = false;

	for (const char *line = lines->at, *stop; line < lines->end; line = stop + 1) {
		size_t len;

		stop = memchr(line, '\n', (size_t)(lines->end - line));
		if (!stop && some)
			break;
		stop = stop ? stop : lines->end;
		len = (size_t)(stop - line);
		len -= len && line[len - 1] == '\r';
		if (len == strlen(FOLDED_ONE_COUNT) && memcmp(line, FOLDED_ONE_COUNT, len) == 0)
			return false;
		if (!folded_count_of(line, len, &count))
			continue;
		if (!folded_has_two_counts(line, &count, &first))
			return false;
		some = true;
	}
	return some;
}

static int read_lines(struct reader *r, struct lines *lines, struct err *err)
{
	const char *line, *reason;
	size_t n;

	while (!r->full && lines_next(lines, &line, &n)) {
		reason = n ? take_line(r, line, n) : NULL;
		/* What begins with '#' and has no count is a comment. */
		if (reason && *line != '#')
			account_skip_line(&r->p->account, reason, lines->number, line, n);
	}
	if (lines->error)
		return err_set(err, lines->error, "cannot read it");
	return 0;
}

/* Is it another text, in which a few lines happen to end in a number? */
static bool is_other_text(const struct reader *r)
{
	enum { FEW = 16, SHARE = 8 };
	uint64_t skipped = r->p->account.skipped_lines;

	return skipped >= FEW && skipped / SHARE > r->taken;
}

/* What is no profile is said by its first line. */
static int no_stacks(const struct account *a, struct err *err)
{
	if (!a->skipped_lines)
		return err_set(err, 0, "there are no stacks in it");
	return err_set(err, 0,
		       "it has no folded stack (frames separated by ';', a blank, a count) and is "
		       "not what 'perf script' prints; %s",
		       a->skipped_first);
}

int folded_read(struct lines *lines, struct profile *p, struct err *err)
{
	struct reader r = {.p = p, .mappings.p = p, .intake.p = p};
	int code;

	r.has_two = lines_have_two_counts(lines);
	value_add(p, r.has_two ? "before" : "samples");
	if (r.has_two)
		p->default_type = value_add(p, "after");
	r.frames = mem_array(INTAKE_MAX_FRAMES, sizeof(*r.frames));
	r.no_labels = profile_add_labels(p, NULL, 0);
	strings_init(&r.texts);
	code = read_lines(&r, lines, err);
	if (!intake_finish(&r.intake) && !code)
		code = err_set(err, 0, INTAKE_FULL);
	if (r.has_parts)
		settle_parts(p);
	if ((!p->n_samples || is_other_text(&r)) && !code)
		code = no_stacks(&p->account, err);
	named_mappings_release(&r.mappings);
	strings_release(&r.texts);
	free(r.words);
	free(r.plain);
	free(r.frames);
	return code;
}
