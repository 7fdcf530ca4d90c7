/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions in detail, as text. */
#include "format/listing.h"

#include "analysis/columns.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/source.h"
#include "base/sum.h"

#include <stdio.h>
#include <string.h>

enum { CONTEXT = 3 }; /* lines shown around one with weight */

static const char *listing_name_of(const struct view *v, uint32_t function)
{
	return function == NO_ID ? "(root)" : v->functions[function].name;
}

static void put_title(const struct view *v, uint32_t function, struct str *out)
{
	const struct function *f = &v->functions[function];
	char self[COLUMN_TEXT], total[COLUMN_TEXT];

	str_plain(out, f->name);
	str_puts(out, *f->module ? "  " : "");
	str_plain(out, f->module);
	str_printf(out, "\n  self %.2f %% (%s), total %.2f %% (%s)\n",
		   percent_of(f->self, v->whole), format_value(f->self, v->unit, self),
		   percent_of(f->total, v->whole), format_value(f->total, v->unit, total));
}

/* -- callers and callees -- */

static void put_edges(const struct view *v, const struct peek *p, bool callers, size_t most,
		      struct str *out)
{
	const struct peek_edge *e = callers ? p->callers : p->callees;
	size_t n = callers ? p->n_callers : p->n_callees;
	char value[COLUMN_TEXT];

	str_puts(out, callers ? "  called by\n" : "  calls\n");
	for (size_t i = 0; i < n && (!most || i < most); i++) {
		str_printf(out, "    %6.2f %%  %10s  ",
			   percent_of(e[i].weight, v->functions[p->function].total),
			   format_value(e[i].weight, v->unit, value));
		str_plain(out, listing_name_of(v, e[i].function));
		if (e[i].function != NO_ID && *v->functions[e[i].function].module) {
			str_puts(out, "  ");
			str_plain(out, v->functions[e[i].function].module);
		}
		str_putc(out, '\n');
	}
	if (most && n > most)
		str_printf(out, "    (%zu more; -n 0 shows all)\n", n - most);
	if (!n)
		str_puts(out, "    (nothing)\n");
}

void peek_text(const struct view *v, const struct peeks *p, size_t most, struct str *out)
{
	for (size_t i = 0; i < p->n; i++) {
		if (i)
			str_putc(out, '\n');
		put_title(v, p->all[i].function, out);
		put_edges(v, &p->all[i], true, most, out);
		put_edges(v, &p->all[i], false, most, out);
	}
}

static json_t *edges_json(const struct view *v, const struct peek_edge *e, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *row = json_object();
		bool root = e[i].function == NO_ID;

		json_object_set_new(row, "function",
				    root ? json_null()
					 : json_text(listing_name_of(v, e[i].function)));
		json_object_set_new(row, "module",
				    json_text(root ? "" : v->functions[e[i].function].module));
		json_object_set_new(row, "weight", json_integer(e[i].weight));
		json_array_append_new(list, row);
	}
	return list;
}

void peek_json(const struct view *v, const struct peeks *p, struct str *out)
{
	json_t *root = json_object(), *list = json_array();

	json_object_set_new(root, "version", json_integer(1));
	json_object_set_new(root, "type", json_text(v->type));
	json_object_set_new(root, "unit", json_text(v->unit));
	json_object_set_new(root, "total", json_integer(v->total));
	for (size_t i = 0; i < p->n; i++) {
		const struct peek *one = &p->all[i];
		const struct function *f = &v->functions[one->function];
		json_t *row = json_object();

		json_object_set_new(row, "function", json_text(f->name));
		json_object_set_new(row, "module", json_text(f->module));
		json_object_set_new(row, "self", json_integer(f->self));
		json_object_set_new(row, "total", json_integer(f->total));
		json_object_set_new(row, "callers", edges_json(v, one->callers, one->n_callers));
		json_object_set_new(row, "callees", edges_json(v, one->callees, one->n_callees));
		json_array_append_new(list, row);
	}
	json_object_set_new(root, "functions", list);
	json_print(root, out);
}

/* -- lines -- */

static void put_weights(const struct view *v, int64_t self, int64_t total, struct str *out)
{
	char text[2][24] = {"", ""};

	if (self)
		snprintf(text[0], sizeof(text[0]), "%.2f %%", percent_of(self, v->whole));
	if (total)
		snprintf(text[1], sizeof(text[1]), "%.2f %%", percent_of(total, v->whole));
	str_printf(out, "  %9s %9s", text[0], text[1]);
}

static void put_missing(const char *file, bool refused, struct str *out)
{
	if (refused) {
		str_puts(out, "  (its source is not shown: who made the profile or the program may "
			      "not read ");
		str_plain(out, file);
		str_puts(out, "; --trust opens it with your rights)\n");
		return;
	}
	str_puts(out, "  (its source is not here: ");
	str_plain(out, file);
	str_puts(out, "; --source-path DIR says where to look)\n");
}

/* The lines of one function in one file: `l` are `n` in order. */
static void put_source(const struct view *v, const struct line_weight *l, size_t n,
		       const struct listing_options *o, struct str *out)
{
	const char *file = profile_raw(v->p, l->file);
	struct source s auto_release(source_release) = {0};
	bool found = source_read(&s, file, o->source_path, profile_named_by(v->p, l->mapping));
	size_t last = 0;

	str_puts(out, "  ");
	str_plain(out, found ? s.path : file);
	str_putc(out, '\n');
	if (!found)
		put_missing(file, s.refused, out);
	for (size_t i = 0; i < n && !l[i].line; i++) {
		put_weights(v, l[i].self, l[i].total, out);
		str_puts(out, "         (no line)\n");
	}
	for (size_t i = 0; i < n; i++) {
		size_t from = l[i].line > CONTEXT ? l[i].line - CONTEXT : 1;
		size_t to = (size_t)l[i].line + CONTEXT;

		if (l->start_line && from < l->start_line)
			from = MIN(l->start_line, l[i].line);
		if (i + 1 < n)
			to = MIN(to, l[i + 1].line - 1u);
		from = MAX(from, last + 1);
		if (last && from > last + 1)
			str_puts(out, "       ...\n");
		for (size_t k = found ? from : l[i].line; k <= (found ? to : l[i].line); k++) {
			bool is_it = k == l[i].line;

			if (!l[i].line || (!is_it && k > s.n))
				continue;
			put_weights(v, is_it ? l[i].self : 0, is_it ? l[i].total : 0, out);
			str_printf(out, " %6zu  ", k);
			str_plain(out, k <= s.n && found ? s.lines[k] : "");
			str_putc(out, '\n');
			last = k;
		}
	}
}

static void put_source_line(const struct instruction *in, struct source *s,
			    const struct listing_options *o, uid_t named_by, struct str *out)
{
	str_printf(out, "  %20s ", "");
	str_plain(out, in->file);
	str_printf(out, ":%u  ", in->line);
	str_plain(out, source_line(s, in->file, o->source_path, named_by, in->line));
	str_putc(out, '\n');
}

static void put_code(const struct view *v, const struct function_code *c,
		     const struct listing_options *o, struct str *out)
{
	struct source s auto_release(source_release) = {0};
	auto_free struct code_weight *weights = NULL;
	struct code code = {0};
	struct err err = {0};
	const struct instruction *before = NULL;
	int64_t shown = 0, all = v->functions[c->function].self;

	if (o->disassemble(o->ctx, c->mapping, c->offset, &code, &err))
		str_printf(out, "  (no disassembly: %s)\n", err.what);
	weights = code_weights(v, c->function, &code);
	for (size_t i = 0; i < code.n; i++) {
		const struct instruction *in = &code.rows[i];

		if (in->line &&
		    (!before || before->line != in->line || !str_equal(before->file, in->file)))
			put_source_line(in, &s, o, profile_named_by(v->p, c->mapping), out);
		before = in;
		sum_add(&shown, weights[i].self);
		put_weights(v, weights[i].self, weights[i].total, out);
		str_printf(out, " %8llx  ", (unsigned long long)in->offset);
		str_plain(out, in->text);
		str_putc(out, '\n');
	}
	if (code.n && shown != all)
		str_printf(out, "  (%.2f %% more in another function of that name)\n",
			   percent_of(all - shown, v->whole));
	code_release(&code);
}

void listing_text(const struct view *v, uint32_t function, const struct line_weights *l,
		  const struct listing_options *o, struct str *out)
{
	const struct function_code *code = line_weights_code(l, function);
	bool known = false;

	put_title(v, function, out);
	for (size_t i = 0, end; i < l->n_lines && !o->disassemble; i = end) {
		const struct line_weight *first = &l->lines[i];

		for (end = i + 1; end < l->n_lines && l->lines[end].function == first->function &&
				  l->lines[end].file == first->file;)
			end++;
		if (first->function != function || !first->file)
			continue;
		known = true;
		put_source(v, first, end - i, o, out);
	}
	if (o->disassemble && code)
		put_code(v, code, o, out);
	if (!known && !o->disassemble)
		str_puts(out, "  (no lines are known: it was built without -g, or its debug "
			      "information is not here; --asm shows instructions)\n");
}
