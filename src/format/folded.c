/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folded stacks: `process;frame;...;leaf count`, written and read. */
#include "base/io.h"
#include "base/mem.h"
#include "analysis/columns.h"
#include "format/format.h"

#include <errno.h>
#include <string.h>

enum { MAX_FRAMES = 65536 };

/* -- writing -- */

struct line {
	size_t text, len; /* in the buffer */
	int64_t weight;
};

/* `;` separates frames and a line end lines, so neither can stand in a name. */
static void put_name(struct str *s, const char *name, const char *annotation)
{
	for (const char *c = name; *c; c++)
		str_putc(s, *c == ';' ? ':' : (unsigned char)*c < 32 || *c == 127 ? '?' : *c);
	str_puts(s, annotation);
}

/* The texts of rows as they stand in lines, made once. */
struct row_texts {
	struct str text;
	size_t *at; /* of each row; [n_rows]: the end */
};

static void make_texts(struct row_texts *r, const struct tree *t, bool annotate)
{
	r->at = mem_array(t->n_rows + 1, sizeof(*r->at));
	for (size_t i = 0; i < t->n_rows; i++) {
		r->at[i] = r->text.len;
		put_name(&r->text, t->rows[i].name, annotate ? row_annotation(&t->rows[i]) : "");
		str_putc(&r->text, ';');
	}
	r->at[t->n_rows] = r->text.len;
}

/* `path` is kept from call to call. */
struct path {
	uint32_t *rows;
	size_t cap;
};

static void put_stack(struct str *s, const struct tree *t, stack_id node, const struct row_texts *r,
		      struct path *path)
{
	size_t n = 0;

	for (; node != NO_ID; node = t->shape.nodes[node].parent) {
		array_reserve(path->rows, path->cap, n + 1);
		path->rows[n++] = t->shape.nodes[node].item;
	}
	while (n--) {
		uint32_t row = path->rows[n];

		str_add(s, r->text.text + r->at[row], r->at[row + 1] - r->at[row]);
	}
	s->len--; /* the last ';' */
}

static int by_text(const void *x, const void *y, void *buffer)
{
	const struct line *a = x, *b = y;
	int order = memcmp((char *)buffer + a->text, (char *)buffer + b->text, MIN(a->len, b->len));

	return order ? order : a->len < b->len ? -1 : a->len > b->len;
}

static bool same_text(const struct line *a, const struct line *b, const char *buffer)
{
	return a->len == b->len && memcmp(buffer + a->text, buffer + b->text, a->len) == 0;
}

static int put_lines(struct line *lines, size_t n, const struct str *texts, int fd)
{
	struct str out auto_release(str_release) = {0};
	int code = 0;

	for (size_t i = 0; i < n && !code;) {
		const struct line *first = &lines[i];
		int64_t weight = 0;

		/* Functions of one name in two modules are one line. */
		for (; i < n && same_text(first, &lines[i], texts->text); i++)
			weight += lines[i].weight;
		str_add(&out, texts->text + first->text, first->len);
		str_printf(&out, " %lld\n", (long long)weight);
		if (out.len > 1 << 20) {
			code = fd_write(fd, out.text, out.len);
			out.len = 0;
		}
	}
	return code || !out.len ? code : fd_write(fd, out.text, out.len);
}

int folded_write(const struct profile *p, int fd, const struct write_options *o, struct err *err)
{
	struct view_options view = o->view;
	struct str texts auto_release(str_release) = {0};
	auto_free struct line *lines = NULL;
	struct row_texts rows = {0};
	struct path path = {0};
	size_t n = 0, cap = 0;
	struct tree t;
	int code;

	view.count = true;
	code = tree_build(&t, p, &view, err);
	if (code) {
		tree_release(&t);
		return code;
	}
	make_texts(&rows, &t, !o->no_annotations);
	for (stack_id i = 0; i < t.shape.n; i++) {
		struct line line = {.text = texts.len, .weight = t.nodes[i].self};

		if (!line.weight)
			continue;
		put_stack(&texts, &t, i, &rows, &path);
		line.len = texts.len - line.text;
		array_reserve(lines, cap, n + 1);
		lines[n++] = line;
	}
	if (n)
		qsort_r(lines, n, sizeof(*lines), by_text, texts.text);
	code = put_lines(lines, n, &texts, fd);
	str_release(&rows.text);
	free(rows.at);
	free(path.rows);
	tree_release(&t);
	return code ? err_set(err, code, "cannot write the stacks") : 0;
}

/* -- reading -- */

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
static mapping_id mapping_of_kind(struct profile *p, enum frame_kind kind)
{
	struct mapping m = {.limit = UINT64_MAX, .has_functions = true};

	if (kind != FRAME_KERNEL && kind != FRAME_JIT)
		return NO_ID;
	m.filename = strings_add(&p->strings, kind == FRAME_JIT ? "[jit]" : "[kernel.kallsyms]");
	for (mapping_id id = 0; id < p->n_mappings; id++)
		if (p->mappings[id].filename == m.filename)
			return id;
	return profile_add_mapping(p, &m);
}

/* The line goes on behind the name, but not for long. */
static bool is_note(const char *name, size_t len)
{
	static const char *const notes[] = {"[truncated: ", "[stack lost: "};

	for (size_t i = 0; i < ARRAY_SIZE(notes); i++)
		if (len >= strlen(notes[i]) && memcmp(name, notes[i], strlen(notes[i])) == 0)
			return true;
	return false;
}

/* `frames` holds MAX_FRAMES. */
static bool read_line(struct profile *p, const char *line, size_t len, frame_id *frames)
{
	const char *space = memrchr(line, ' ', len);
	size_t digits = space ? len - (size_t)(space + 1 - line) : 0;
	stack_id stack = NO_ID;
	char number[24];
	uint64_t count;
	int64_t value;
	frame_id inner = NO_ID;
	size_t depth = 0;

	if (!space || space == line || !digits || digits >= sizeof(number))
		return false;
	memcpy(number, space + 1, digits);
	number[digits] = '\0';
	if (!parse_u64(number, INT64_MAX, &count))
		return false;
	/* From the leaf to the root: what is inlined is part of the frame before it. */
	for (const char *end = space, *name; end; end = name > line ? name - 1 : NULL) {
		struct frame f = {.mapping = NO_ID, .inner = inner, .named = true};

		name = memrchr(line, ';', (size_t)(end - line));
		name = name ? name + 1 : line;
		f.function = f.system_name = strings_add_n(
			&p->strings, name, take_annotation(name, (size_t)(end - name), &f));
		if (is_note(name, (size_t)(end - name)))
			f.kind = FRAME_NOTE;
		f.mapping = mapping_of_kind(p, f.kind);
		inner = profile_add_frame(p, &f);
		if (f.inlined && name > line)
			continue;
		if (depth == MAX_FRAMES)
			return false;
		frames[depth++] = inner;
		inner = NO_ID;
	}
	while (depth)
		stack = stacks_push(&p->stacks, stack, frames[--depth]);
	value = (int64_t)count;
	profile_add_sample(p, stack, profile_add_labels(p, NULL, 0), &value);
	return true;
}

int folded_read(const void *data, size_t len, struct profile *p, struct err *err)
{
	const char *text = data, *end = text + len;
	auto_free frame_id *frames = mem_array(MAX_FRAMES, sizeof(*frames));
	size_t number = 0;

	profile_add_type(p, "samples", "count");
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t n;

		stop = stop ? stop : end;
		n = (size_t)(stop - text);
		n -= n && text[n - 1] == '\r';
		number++;
		if (n && *text != '#' && !read_line(p, text, n, frames))
			return err_set(
				err, 0,
				"line %zu is no folded stack (frames separated by ';', a blank, "
				"a count)",
				number);
		text = stop + 1;
	}
	return p->n_samples ? 0 : err_set(err, 0, "there are no stacks in it");
}
