/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The function table and the call tree as text (libsmartcols), and the table as JSON and CSV. */
#include "format/table.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/sum.h"
#include "analysis/columns.h"
#include "analysis/statistics.h"
#include "analysis/tree.h"
#include "format/format.h"

#include <libsmartcols.h>
#include <string.h>

/* Function names are shown whole to programs and cut to fit for people. */
static struct libscols_table *new_table(const struct table_options *o, bool tree)
{
	struct libscols_table *table = scols_new_table();

	if (!table)
		mem_exhausted();
	scols_table_enable_colors(table, o->colour);
	scols_table_enable_ascii(table, !o->width); /* what is piped is for programs, too */
	if (o->width)
		scols_table_set_termwidth(table, o->width);
	scols_table_set_termforce(table, o->width ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	for (int i = 0; i < N_COLUMNS; i++) {
		int flags = columns[i].right ? SCOLS_FL_RIGHT : 0;

		if (i == COLUMN_FUNCTION)
			flags |= (o->width ? SCOLS_FL_TRUNC : 0) | (tree ? SCOLS_FL_TREE : 0);
		if (columns[i].everywhere)
			scols_table_new_column(table, columns[i].title, 0, flags);
	}
	return table;
}

static struct libscols_line *table_add_line(struct libscols_table *table,
					    struct libscols_line *parent, const struct function *f,
					    const struct view *v)
{
	struct libscols_line *line = scols_table_new_line(table, parent);
	char buf[COLUMN_TEXT];
	size_t column = 0;

	if (!line)
		mem_exhausted();
	for (int c = 0; c < N_COLUMNS; c++)
		if (columns[c].everywhere)
			scols_line_set_data(line, column++, column_text((enum column)c, f, v, buf));
	if (f->kind == FRAME_KERNEL)
		scols_line_set_color(line, "yellow");
	else if (!f->named)
		scols_line_set_color(line, "darkgray");
	return line;
}

static void table_print_table(struct libscols_table *table, struct str *out)
{
	char *text = NULL;

	if (scols_print_table_to_string(table, &text) || !text)
		mem_exhausted();
	str_puts(out, text);
	str_puts(out, "\n");
	free(text);
	scols_unref_table(table);
}

static void put_table(const struct view *v, const struct table_options *o, struct str *out)
{
	struct libscols_table *table = new_table(o, false);
	size_t n;
	auto_free uint32_t *order = view_sorted(v, o->sort, &n);

	for (size_t i = 0; i < n && (!o->most || i < o->most); i++)
		table_add_line(table, NULL, &v->functions[order[i]], v);
	table_print_table(table, out);
	if (o->most && n > o->most)
		str_printf(out, "(%zu more functions; -n 0 shows all)\n", n - o->most);
}

/* Of a view that is counted: calls `print` once, or for each group, the heaviest first, with the
 * functions counted in it; at the end for what is in none. */
static void by_groups(struct view *v, void (*print)(void *ctx, const struct function *group),
		      void *ctx)
{
	struct function none = {.name = "(none)", .module = "", .is_group = true};
	size_t n;
	auto_free uint32_t *order = view_groups_sorted(v, &n);

	if (!n)
		print(ctx, NULL);
	for (size_t i = 0; i < n; i++) {
		view_count_group(v, order[i]);
		print(ctx, &v->functions[order[i]]);
	}
	for (size_t i = 0; i < v->n_origins; i++)
		if (v->origins[i].group == NO_ID)
			sum_add(&none.total, v->origins[i].weight);
	if (n && none.total) {
		view_count_group(v, NO_ID);
		print(ctx, &none);
	}
}

struct printing {
	const struct view *v;
	const struct table_options *o;
	struct str *out;
	json_t *groups;
};

static void table_print_text(void *ctx, const struct function *group)
{
	const struct printing *p = ctx;
	char value[COLUMN_TEXT];

	if (group) {
		str_puts(p->out, p->out->len ? "\n" : "");
		str_plain(p->out, group->name);
		str_printf(p->out, "  %.2f %%  %s\n", percent_of(group->total, p->v->whole),
			   format_value(group->total, p->v->unit, value));
	}
	put_table(p->v, p->o, p->out);
}

void table_text(struct view *v, const struct table_options *o, struct str *out)
{
	struct printing p = {v, o, out, NULL};

	view_count(v);
	by_groups(v, table_print_text, &p);
}

/* A node's function with the node's own weights. */
static struct function function_of_node(const struct view *v, const struct tree_node *n,
					bool inverted)
{
	struct function f = v->functions[n->function];

	f.self = tree_node_self(n, inverted);
	f.total = n->total;
	return f;
}

void tree_text(const struct view *v, bool inverted, const struct table_options *o, struct str *out)
{
	const struct tree_options options = {.inverted = inverted, .least = 0.005, .most = o->most};
	struct libscols_table *table = new_table(o, true);
	auto_free struct libscols_line **lines = NULL;
	struct children c;
	struct tree t;

	tree_build(&t, v, &options);
	children_find(&c, &t, v, CHILDREN_BY_WEIGHT);
	lines = mem_array(t.n, sizeof(struct libscols_line *));
	for (size_t i = 0; i < t.n; i++) {
		const struct tree_node *n = &t.nodes[c.nodes[i]];
		struct function f = function_of_node(v, n, inverted);

		lines[c.nodes[i]] =
			table_add_line(table, n->parent == NO_ID ? NULL : lines[n->parent], &f, v);
	}
	table_print_table(table, out);
	children_release(&c);
	tree_release(&t);
}

static json_t *function_json(const struct function *f, const struct view *v)
{
	json_t *object = json_object();
	double low, high;

	json_object_set_new(object, columns[COLUMN_FUNCTION].json, json_text(f->name));
	json_object_set_new(object, columns[COLUMN_MODULE].json, json_text(f->module));
	json_object_set_new(object, columns[COLUMN_SELF].json, json_integer(f->self));
	json_object_set_new(object, columns[COLUMN_TOTAL].json, json_integer(f->total));
	json_object_set_new(object, columns[COLUMN_SELF_PERCENT].json,
			    json_real(percent_of(f->self, v->whole)));
	json_object_set_new(object, columns[COLUMN_TOTAL_PERCENT].json,
			    json_real(percent_of(f->total, v->whole)));
	if (share_interval(percent_of(f->self, v->whole) / 100, v->samples, &low, &high))
		json_object_set_new(object, columns[COLUMN_INTERVAL].json,
				    json_pack("[ff]", 100 * low, 100 * high));
	return object;
}

static json_t *functions_json(const struct view *v, const struct table_options *o)
{
	json_t *rows = json_array();
	size_t n;
	auto_free uint32_t *order = view_sorted(v, o->sort, &n);

	for (size_t i = 0; i < n && (!o->most || i < o->most); i++)
		json_array_append_new(rows, function_json(&v->functions[order[i]], v));
	return rows;
}

static void print_json_group(void *ctx, const struct function *group)
{
	const struct printing *p = ctx;
	json_t *object;

	if (!group)
		return;
	object = json_object();
	json_object_set_new(object, "group", json_text(group->name));
	json_object_set_new(object, "total", json_integer(group->total));
	json_object_set_new(object, "functions", functions_json(p->v, p->o));
	json_array_append_new(p->groups, object);
}

void table_json(struct view *v, const struct table_options *o, struct str *out)
{
	struct printing p = {v, o, out, json_array()};
	json_t *root = json_object();

	json_object_set_new(root, "version", json_integer(1));
	json_object_set_new(root, "type", json_text(v->type));
	json_object_set_new(root, "unit", json_text(v->unit));
	json_object_set_new(root, "total", json_integer(v->total));
	view_count(v);
	json_object_set_new(root, "functions", functions_json(v, o));
	by_groups(v, print_json_group, &p);
	if (json_array_size(p.groups))
		json_object_set(root, "groups", p.groups);
	json_decref(p.groups);
	json_print(root, out);
}

/* A field of CSV, in quotes where it needs them (RFC 4180). A name that a spreadsheet would take
 * for a formula has an apostrophe before it, which that takes for "this is text". */
static void put_csv(struct str *out, const char *text)
{
	static const char formula[] = "=+@-";
	bool quote = text[strcspn(text, ",\"\r\n")];

	if (quote)
		str_putc(out, '"');
	if (strspn(text, formula))
		str_putc(out, '\'');
	for (; *text; text++) {
		if (*text == '"')
			str_putc(out, '"');
		str_putc(out, (unsigned char)*text < 32 || *text == 127 ? '?' : *text);
	}
	if (quote)
		str_putc(out, '"');
}

/* Numbers as they are, in the unit of the profile. */
static void put_csv_cell(struct str *out, enum column c, const struct function *f,
			 const struct view *v)
{
	char buf[COLUMN_TEXT];

	if (c == COLUMN_SELF)
		str_printf(out, "%lld", (long long)f->self);
	else if (c == COLUMN_TOTAL)
		str_printf(out, "%lld", (long long)f->total);
	else
		put_csv(out, column_text(c, f, v, buf));
}

static void print_csv(void *ctx, const struct function *group)
{
	const struct printing *p = ctx;
	size_t n;
	auto_free uint32_t *order = view_sorted(p->v, p->o->sort, &n);

	for (size_t i = 0; i < n && (!p->o->most || i < p->o->most); i++) {
		for (int c = 0; c < N_COLUMNS; c++) {
			if (c)
				str_putc(p->out, ',');
			put_csv_cell(p->out, (enum column)c, &p->v->functions[order[i]], p->v);
		}
		if (group) {
			str_putc(p->out, ',');
			put_csv(p->out, group->name);
		}
		str_puts(p->out, "\r\n");
	}
}

void table_csv(struct view *v, const struct table_options *o, struct str *out)
{
	struct printing p = {v, o, out, NULL};

	for (int c = 0; c < N_COLUMNS; c++)
		str_printf(out, "%s%s", c ? "," : "", columns[c].json);
	str_puts(out, v->groups.n ? ",group\r\n" : "\r\n");
	view_count(v);
	by_groups(v, print_csv, &p);
}

/* A format that is one of the tables, of all functions. */
static int write_table(const struct profile *p, int fd, const struct write_options *o,
		       void (*print)(struct view *v, const struct table_options *o,
				     struct str *out),
		       struct err *err)
{
	const struct table_options all = {.sort = SORT_SELF};
	struct str text auto_release(str_release) = {0};
	struct view v;
	int code = view_open(&v, p, &o->view, err);

	if (!code) {
		print(&v, &all, &text);
		code = fd_write(fd, text.text, text.len);
		if (code)
			err_set(err, code, "cannot write the table");
	}
	view_release(&v);
	return code;
}

int json_write(const struct profile *p, int fd, const struct write_options *o, struct err *err)
{
	return write_table(p, fd, o, table_json, err);
}

int csv_write(const struct profile *p, int fd, const struct write_options *o, struct err *err)
{
	return write_table(p, fd, o, table_csv, err);
}

int text_write(const struct profile *p, int fd, const struct write_options *o, struct err *err)
{
	return write_table(p, fd, o, table_text, err);
}
