/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads folded stacks: `process;frame;...;leaf count`. */
#include "base/lines.h"
#include "base/mem.h"
#include "base/str.h"
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
};

/* Takes flamegraph.pl's annotation off a name, where it has one. */
static size_t take_annotation(const char *name, size_t len, struct frame *f)
{
	if (len > 4 && name[len - 4] == '_' && name[len - 3] == '[' && name[len - 1] == ']') {
		switch (name[len - 2]) {
		case 'k':
			f->kind = FRAME_KERNEL;
			return len - 4;
		case 'j':
			f->kind = FRAME_JIT;
			return len - 4;
		case 'i':
			f->inlined = true;
			return len - 4;
		default:
			break;
		}
	}
	return len;
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

static string_id word_of(struct reader *r, const char *name, size_t len)
{
	string_id id = strings_add_n(&r->texts, name, len);

	array_reserve(r->words, r->cap_words, r->texts.n);
	array_reserve(r->plain, r->cap_plain, r->texts.n);
	for (; r->n_words < r->texts.n; r->n_words++) {
		const char *text = strings_get(&r->texts, (string_id)r->n_words);
		struct frame f = {.mapping = NO_ID, .inner = NO_ID};
		size_t n = take_annotation(text, strlen(text), &f);

		f.function = f.system_name = strings_add_n(&r->p->strings, text, n);
		if (folded_read_is_note(text, n))
			f.kind = FRAME_NOTE;
		f.named = !name_is_placeholder(profile_text(r->p, f.function));
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

/* The count at the end of a line; false when there is none. */
static bool take_count(const char *line, const char *space, size_t len, int64_t *ret)
{
	const char *digits;
	uint64_t count = 0;

	if (!space || space == line || space + 1 == line + len)
		return false;
	for (digits = space + 1; digits < line + len; digits++) {
		if (*digits < '0' || *digits > '9' || count > (INT64_MAX - 9) / 10)
			return false;
		count = count * 10 + (uint64_t)(*digits - '0');
	}
	*ret = (int64_t)count;
	return true;
}

static bool folded_read_read_line(struct reader *r, const char *line, size_t len)
{
	const char *space = memrchr(line, ' ', len);
	frame_id inner = NO_ID;
	size_t depth = 0, levels = 0;
	int64_t value;

	if (!take_count(line, space, len, &value))
		return false;
	/* From the leaf to the root: what is inlined is part of the frame before it. */
	for (const char *end = space, *name; end; end = name > line ? name - 1 : NULL) {
		string_id word;

		name = memrchr(line, ';', (size_t)(end - line));
		name = name ? name + 1 : line;
		if (depth == INTAKE_MAX_FRAMES)
			return false;
		word = word_of(r, name, (size_t)(end - name));
		if (inner == NO_ID && r->plain[word] != NO_ID) {
			r->frames[depth++] = r->plain[word];
			continue;
		}
		inner = folded_read_frame_of(r, word, inner);
		if (r->words[word].inlined && name > line && ++levels < MAX_LEVELS)
			continue;
		levels = 0;
		r->frames[depth++] = inner;
		inner = NO_ID;
	}
	r->full = !intake_add(&r->intake, r->frames, depth, r->no_labels, &value);
	return true;
}

static int read_lines(struct reader *r, struct lines *lines, struct err *err)
{
	const char *line;
	size_t n;

	while (!r->full && lines_next(lines, &line, &n))
		if (n && *line != '#' && !folded_read_read_line(r, line, n))
			return err_set(
				err, 0,
				"line %zu is no folded stack (frames separated by ';', a blank, "
				"a count)",
				lines->number);
	if (lines->error)
		return err_set(err, lines->error, "cannot read it");
	return 0;
}

int folded_read(struct lines *lines, struct profile *p, struct err *err)
{
	struct reader r = {.p = p, .mappings.p = p, .intake.p = p};
	int code;

	value_add(p, "samples");
	r.frames = mem_array(INTAKE_MAX_FRAMES, sizeof(*r.frames));
	r.no_labels = profile_add_labels(p, NULL, 0);
	strings_init(&r.texts);
	code = read_lines(&r, lines, err);
	if (!intake_finish(&r.intake) && !code)
		code = err_set(err, 0, INTAKE_FULL);
	if (!p->n_samples && !code)
		code = err_set(err, 0, "there are no stacks in it");
	named_mappings_release(&r.mappings);
	strings_release(&r.texts);
	free(r.words);
	free(r.plain);
	free(r.frames);
	return code;
}
