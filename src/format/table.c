/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The function table and the call tree as text (libsmartcols), and the table as JSON. */
#include "format/table.h"

#include "base/io.h"
#include "base/mem.h"
#include "analysis/columns.h"
#include "format/format.h"

#include <libsmartcols.h>
#include <string.h>

/* Function names are shown whole to programs and cut to fit for people. */
static struct libscols_table *new_table(const struct table_options *o, bool tree)
{
	struct libscols_table *table = scols_new_table();

	if (!table)
		abort();
	scols_table_enable_colors(table, o->colour);
	scols_table_enable_ascii(table, !o->width); /* what is piped is for programs, too */
	if (o->width)
		scols_table_set_termwidth(table, o->width);
	scols_table_set_termforce(table, o->width ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	for (int i = 0; i < N_COLUMNS; i++) {
		int flags = columns[i].right ? SCOLS_FL_RIGHT : 0;

		if (i == COLUMN_FUNCTION)
			flags |= (o->width ? SCOLS_FL_TRUNC : 0) | (tree ? SCOLS_FL_TREE : 0);
		scols_table_new_column(table, columns[i].title, 0, flags);
	}
	return table;
}

static struct libscols_line *add_line(struct libscols_table *table, struct libscols_line *parent,
				      const struct tree_row *row, const struct tree *t)
{
	struct libscols_line *line = scols_table_new_line(table, parent);
	char buf[COLUMN_TEXT];

	if (!line)
		abort();
	for (int c = 0; c < N_COLUMNS; c++)
		scols_line_set_data(line, (size_t)c,
				    column_text((enum column)c, row, t->total, t->unit, buf));
	if (row->kind == FRAME_KERNEL)
		scols_line_set_color(line, "yellow");
	else if (!row->named)
		scols_line_set_color(line, "darkgray");
	return line;
}

static void print_table(struct libscols_table *table, struct str *out)
{
	char *text = NULL;

	if (scols_print_table_to_string(table, &text) || !text)
		abort();
	str_puts(out, text);
	str_puts(out, "\n");
	free(text);
	scols_unref_table(table);
}

void table_text(const struct tree *t, const struct table_options *o, struct str *out)
{
	struct libscols_table *table = new_table(o, false);
	size_t n;
	auto_free uint32_t *order = tree_rows_sorted(t, o->sort, &n);

	for (size_t i = 0; i < n && (!o->most || i < o->most); i++)
		add_line(table, NULL, &t->rows[order[i]], t);
	print_table(table, out);
	if (o->most && n > o->most)
		str_printf(out, "(%zu more functions; -n 0 shows all)\n", n - o->most);
}

struct by_weight {
	stack_id node, parent;
	int64_t total;
};

static int heavier(const struct by_weight *a, const struct by_weight *b)
{
	if (a->total != b->total)
		return a->total < b->total ? 1 : -1;
	return a->node < b->node ? -1 : 1; /* a parent before its child */
}

static int heavier_first(const void *x, const void *y)
{
	return heavier(x, y);
}

static int siblings_together(const void *x, const void *y)
{
	const struct by_weight *a = x, *b = y;

	if (a->parent != b->parent)
		return a->parent + 1 < b->parent + 1 ? -1 : 1;
	return heavier(a, b);
}

/* The heaviest nodes, siblings in a row; a node's parent is always among them. */
static struct by_weight *heaviest_nodes(const struct tree *t, size_t most, size_t *ret_n)
{
	struct by_weight *order = mem_array(t->shape.n, sizeof(*order));
	size_t n = 0;

	for (stack_id i = 0; i < t->shape.n; i++)
		if ((double)t->nodes[i].total >= 0.005 * (double)t->total)
			order[n++] =
				(struct by_weight){i, t->shape.nodes[i].parent, t->nodes[i].total};
	if (n)
		qsort(order, n, sizeof(*order), heavier_first);
	n = most ? MIN(n, most) : n;
	if (n)
		qsort(order, n, sizeof(*order), siblings_together);
	*ret_n = n;
	return order;
}

void tree_text(const struct tree *t, const struct table_options *o, struct str *out)
{
	struct libscols_table *table = new_table(o, true);
	auto_free struct libscols_line **lines =
		mem_array(t->shape.n, sizeof(struct libscols_line *));
	size_t n;
	auto_free struct by_weight *order = heaviest_nodes(t, o->most, &n);

	for (size_t k = 0; k < n; k++) {
		stack_id i = order[k].node, parent = order[k].parent;
		struct tree_row row = t->rows[t->shape.nodes[i].item];

		row.self = t->nodes[i].self;
		row.total = t->nodes[i].total;
		lines[i] = add_line(table, parent == NO_ID ? NULL : lines[parent], &row, t);
	}
	print_table(table, out);
}

void table_json(const struct tree *t, const struct table_options *o, struct str *out)
{
	json_t *root = json_object(), *rows = json_array();
	size_t n;
	auto_free uint32_t *order = tree_rows_sorted(t, o->sort, &n);

	json_object_set_new(root, "version", json_integer(1));
	json_object_set_new(root, "type", json_text(t->type));
	json_object_set_new(root, "unit", json_text(t->unit));
	json_object_set_new(root, "total", json_integer(t->total));
	for (size_t i = 0; i < n && (!o->most || i < o->most); i++) {
		const struct tree_row *row = &t->rows[order[i]];
		double whole = t->total ? (double)t->total / 100 : 1;
		json_t *object = json_object();

		json_object_set_new(object, columns[COLUMN_FUNCTION].json, json_text(row->name));
		json_object_set_new(object, columns[COLUMN_MODULE].json, json_text(row->module));
		json_object_set_new(object, columns[COLUMN_SELF].json, json_integer(row->self));
		json_object_set_new(object, columns[COLUMN_TOTAL].json, json_integer(row->total));
		json_object_set_new(object, columns[COLUMN_SELF_PERCENT].json,
				    json_real((double)row->self / whole));
		json_object_set_new(object, columns[COLUMN_TOTAL_PERCENT].json,
				    json_real((double)row->total / whole));
		json_array_append_new(rows, object);
	}
	json_object_set_new(root, "functions", rows);
	json_print(root, out);
}

int json_write(const struct profile *p, int fd, const struct write_options *o, struct err *err)
{
	struct table_options all = {.sort = SORT_SELF};
	struct str text auto_release(str_release) = {0};
	struct tree t;
	int code = tree_build(&t, p, &o->view, err);

	if (!code) {
		table_json(&t, &all, &text);
		code = fd_write(fd, text.text, text.len);
		if (code)
			err_set(err, code, "cannot write the table");
	}
	tree_release(&t);
	return code;
}
