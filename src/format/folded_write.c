/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes folded stacks: `process;frame;...;leaf count`. */
#include "base/io.h"
#include "base/mem.h"
#include "base/sum.h"
#include "analysis/columns.h"
#include "analysis/tree.h"
#include "format/folded_line.h"
#include "format/format.h"

#include <errno.h>
#include <string.h>

enum {
	BLOCK_BYTES = 1 << 20,
	TOLD_BYTES = 32 << 10, /* within which a reader finds out what the lines are */
};

/* `;` separates frames and a line end lines, so neither can stand in a name; and a frame without
 * one would be none. */
static void put_name(struct str *s, const struct function *fn, bool annotate)
{
	const char *annotation = annotate ? function_annotation(fn) : "";
	const char *name = *fn->name ? fn->name : FOLDED_UNKNOWN;
	size_t len = strlen(name);

	for (const char *c = name; *c; c++) {
		if (*c == ';')
			str_putc(s, ':');
		else
			str_putc(s, (unsigned char)*c < 32 || *c == 127 ? '?' : *c);
	}
	/* What only looks annotated is marked as a name. */
	if (annotate && !*annotation && len > 4 && memcmp(name + len - 4, "_[", 2) == 0 &&
	    name[len - 1] == ']' && strchr(FOLDED_ANNOTATIONS, name[len - 2]))
		annotation = "_[" FOLDED_PLAIN "]";
	str_puts(s, annotation);
}

/*
 * Lines come sorted without being sorted: the tree is walked with the children of each node in
 * order. A node stands there twice, as the line that ends with it ("a;b 1") and as what goes on
 * behind it ("a;b;..."), since names such as "b c" lie between the two.
 */
struct folding {
	struct str texts; /* of names, each with ';' */
	size_t *at;       /* of each name; [n_names]: the end */
	size_t n_names;
	uint32_t *name_of;  /* row -> name */
	uint32_t *ranks;    /* 2 x name: the order of "name", + 1: that of "name;" */
	struct stacks tree; /* of names: functions of one name in two modules are one line */
	int64_t *self;
	uint32_t *next; /* 2 x node: its line, + 1: what is below it; to the same parent's next such
			   item */
	uint32_t *first; /* node -> item; [n]: of the root */
	struct str path, out;
	bool tells; /* its first lines cannot be taken for lines with two counts */
	bool is_flushed;
	int fd, code;
};

static void folding_release(struct folding *f)
{
	str_release(&f->texts);
	str_release(&f->path);
	str_release(&f->out);
	stacks_release(&f->tree);
	free(f->at);
	free(f->name_of);
	free(f->ranks);
	free(f->self);
	free(f->next);
	free(f->first);
}

static int by_text(const void *x, const void *y, void *folding)
{
	const struct folding *f = folding;
	uint32_t i = *(const uint32_t *)x, k = *(const uint32_t *)y;
	/* With the ';' or without. */
	size_t n = f->at[i / 2 + 1] - f->at[i / 2] - !(i & 1);
	size_t m = f->at[k / 2 + 1] - f->at[k / 2] - !(k & 1);
	int order = memcmp(f->texts.text + f->at[i / 2], f->texts.text + f->at[k / 2], MIN(n, m));

	if (order)
		return order;
	return n < m ? -1 : n > m;
}

/* Texts and their order; equal texts get one name. */
static void rank_names(struct folding *f, const struct view *v, bool annotate)
{
	auto_free uint32_t *sorted = mem_array(2 * v->n_functions + 1, sizeof(*sorted));
	uint32_t rank = 0;

	f->at = mem_array(v->n_functions + 1, sizeof(*f->at));
	f->name_of = mem_array(v->n_functions + 1, sizeof(*f->name_of));
	f->ranks = mem_array(2 * v->n_functions + 1, sizeof(*f->ranks));
	for (size_t i = 0; i < v->n_functions; i++) {
		const struct function *fn = &v->functions[i];

		f->at[i] = f->texts.len;
		put_name(&f->texts, fn, annotate);
		str_putc(&f->texts, ';');
	}
	f->at[v->n_functions] = f->texts.len;
	f->n_names = v->n_functions;
	for (uint32_t i = 0; i < 2 * v->n_functions; i++)
		sorted[i] = i;
	if (v->n_functions)
		qsort_r(sorted, 2 * v->n_functions, sizeof(*sorted), by_text, f);
	for (size_t i = 0; i < 2 * v->n_functions; i++) {
		bool same = i && by_text(&sorted[i - 1], &sorted[i], f) == 0;

		rank += i && !same;
		f->ranks[sorted[i]] = rank;
		f->name_of[sorted[i] / 2] = same ? f->name_of[sorted[i - 1] / 2] : sorted[i] / 2;
	}
}

/* The tree of names. */
static void merge(struct folding *f, const struct tree *t)
{
	auto_free stack_id *to = mem_array(t->n, sizeof(*to));

	for (size_t i = 0; i < t->n; i++) {
		const struct tree_node *node = &t->nodes[i];

		to[i] = stacks_push(&f->tree, node->parent == NO_ID ? NO_ID : to[node->parent],
				    f->name_of[node->function]);
	}
	f->self = mem_array(f->tree.n, sizeof(*f->self));
	for (size_t i = 0; i < t->n; i++)
		sum_add(&f->self[to[i]], t->nodes[i].self);
}

/* Hangs every node's items into its parent's list, the last ones first. */
static void order_items(struct folding *f)
{
	size_t n = f->tree.n, n_ranks = 2 * f->n_names;
	auto_free uint32_t *bucket = mem_array(n_ranks + 1, sizeof(*bucket)); /* first of a rank */
	auto_free uint32_t *chain = mem_array(2 * n + 1, sizeof(*chain));
	auto_free bool *has_child = mem_array(n + 1, sizeof(*has_child));

	f->next = mem_array(2 * n + 1, sizeof(*f->next));
	f->first = mem_array(n + 1, sizeof(*f->first));
	memset(bucket, 0xff, (n_ranks + 1) * sizeof(*bucket));
	memset(f->first, 0xff, (n + 1) * sizeof(*f->first));
	stacks_each(&f->tree, i)
	{
		stack_id parent = stacks_parent(&f->tree, i);

		if (parent != NO_ID)
			has_child[parent] = true;
	}
	for (uint32_t i = 0; i < 2 * n; i++) {
		uint32_t rank;

		if (!stacks_has(&f->tree, i / 2))
			continue;
		rank = f->ranks[2 * stacks_item(&f->tree, i / 2) + (i & 1)];
		if (i & 1 ? !has_child[i / 2] : !f->self[i / 2])
			continue;
		chain[i] = bucket[rank];
		bucket[rank] = i;
	}
	for (size_t rank = n_ranks; rank-- > 0;) {
		for (uint32_t i = bucket[rank]; i != NO_ID; i = chain[i]) {
			stack_id parent = stacks_parent(&f->tree, i / 2);
			uint32_t *first = &f->first[parent == NO_ID ? n : parent];

			f->next[i] = *first;
			*first = i;
		}
	}
}

/* Names that end with numbers, in every line, would be read as difffolded.pl's first counts, and a
 * first name may begin as a file in UTF-8 does: a comment says what the lines are. */
static void put_first_line(struct folding *f)
{
	static const char line[] = FOLDED_ONE_COUNT "\n";

	if (f->is_flushed || (f->tells && !str_starts(f->out.text, "\xef\xbb\xbf")))
		return;
	f->code = fd_write(f->fd, line, sizeof(line) - 1);
}

static void folded_write_flush(struct folding *f)
{
	if (!f->out.len)
		return;
	put_first_line(f);
	if (!f->code)
		f->code = fd_write(f->fd, f->out.text, f->out.len);
	f->is_flushed = true;
	f->out.len = 0;
}

/* Ends the line that begins at `start` of the output. */
static void put_count(struct folding *f, size_t start, int64_t count)
{
	struct folded_count last, first;
	const char *line;

	str_printf(&f->out, " %lld\n", (long long)count);
	line = f->out.text + start;
	if (!f->tells && f->out.len <= TOLD_BYTES)
		f->tells = folded_count_of(line, f->out.len - 1 - start, &last) &&
			   !folded_has_two_counts(line, &last, &first);
	if (f->out.len > BLOCK_BYTES && !f->code)
		folded_write_flush(f);
}

static void folded_write_put_line(struct folding *f, stack_id node)
{
	uint32_t name = stacks_item(&f->tree, node);
	size_t start = f->out.len;

	str_add(&f->out, f->path.text, f->path.len);
	str_add(&f->out, f->texts.text + f->at[name], f->at[name + 1] - f->at[name] - 1);
	put_count(f, start, f->self[node]);
}

/* What has neither frames nor a group: the line of an empty stack. */
static void put_stackless(struct folding *f, const struct view *v)
{
	int64_t weight = 0;

	for (size_t i = 0; i < v->n_origins; i++)
		if (v->origins[i].stack == NO_ID && v->origins[i].group == NO_ID)
			sum_add(&weight, v->origins[i].weight);
	if (weight)
		put_count(f, 0, weight);
}

static void folded_write_walk(struct folding *f)
{
	uint32_t i = f->first[f->tree.n];
	stack_id at = NO_ID;

	for (;;) {
		while (i == NO_ID && at != NO_ID) {
			uint32_t name = stacks_item(&f->tree, at);

			f->path.len -= f->at[name + 1] - f->at[name];
			i = f->next[2 * at + 1];
			at = stacks_parent(&f->tree, at);
		}
		if (i == NO_ID)
			return;
		if (i & 1) {
			uint32_t name = stacks_item(&f->tree, i / 2);

			str_add(&f->path, f->texts.text + f->at[name],
				f->at[name + 1] - f->at[name]);
			at = i / 2;
			i = f->first[at];
		} else {
			folded_write_put_line(f, i / 2);
			i = f->next[i];
		}
	}
}

int folded_write(const struct profile *p, int fd, const struct write_options *o, struct err *err)
{
	const struct tree_options whole = {0};
	struct view_options view = o->view;
	struct folding f = {.fd = fd};
	struct tree t;
	struct view v;
	int code;

	view.count = true;
	code = view_open(&v, p, &view, err);
	if (!code) {
		tree_build(&t, &v, &whole);
		rank_names(&f, &v, !o->no_annotations);
		merge(&f, &t);
		tree_release(&t);
		order_items(&f);
		str_puts(&f.path, "");
		put_stackless(&f, &v);
		folded_write_walk(&f);
		if (!f.code)
			folded_write_flush(&f);
		if (f.code)
			code = err_set(err, f.code, "cannot write the stacks");
	}
	folding_release(&f);
	view_release(&v);
	return code;
}
