/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A difference of two profiles. */
#include "format/difference.h"

#include "analysis/columns.h"
#include "analysis/palette.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/sum.h"
#include "format/flame.h"
#include "format/page.h"

#include <libsmartcols.h>
#include <stdio.h>

static const char *const titles[] = {"BASE %", "NEW %", "CHANGE",   "95 %",
				     "GROWTH", "P",     "FUNCTION", "MODULE"};
enum { N_TITLES = ARRAY_SIZE(titles), TITLE_FUNCTION = 6 };

void difference_note(const struct diff *d, struct str *out)
{
	size_t n, significant = 0;
	auto_free uint32_t *order = diff_sorted(d, &n);

	for (size_t i = 0; i < n; i++)
		significant += diff_is_significant(&d->rows[order[i]].self);
	if (d->scale != 1)
		str_printf(out, "base scaled by %.4g; ", d->scale);
	str_printf(out, "%zu of %zu functions changed by more than chance", significant, n);
	if (!d->has_counts)
		str_puts(out, " (no sample counts: chance is not known)");
	else if (d->has_blocks)
		str_puts(out, " (p below 0.05, adjusted; overdispersion from blocks of time)");
	else
		str_puts(out, " (p below 0.05, adjusted; samples taken as independent: "
			      "record --timeline to do better)");
}

/* "+12.3 %" */
static const char *growth(const struct diff_side *s, char *buf, size_t size)
{
	double grown = s->base > 0 ? 100.0 * ((double)s->new - s->base) / s->base : 0;

	if (s->base <= 0)
		snprintf(buf, size, "%s", s->new > 0 ? "new" : "");
	else
		snprintf(buf, size, "%+.1f %%", grown > -0.05 && grown < 0 ? 0 : grown);
	return buf;
}

/* The text of a cell; `buf` is for what is made for it. */
static const char *cell(const struct diff *d, uint32_t f, size_t column, char *buf, size_t size)
{
	const struct diff_side *s = &d->rows[f].self;
	double base = percent_of(s->base, d->base), new = percent_of(s->new, d->new);

	*buf = '\0';
	if (column == TITLE_FUNCTION)
		return d->v.functions[f].name;
	if (column == TITLE_FUNCTION + 1)
		return d->v.functions[f].module;
	if (column == 0)
		snprintf(buf, size, "%.2f", base);
	else if (column == 1)
		snprintf(buf, size, "%.2f", new);
	else if (column == 2)
		snprintf(buf, size, "%+.2f", new - base);
	else if (column == 3 && d->has_counts)
		snprintf(buf, size, "%+.2f..%+.2f", 100 * s->low, 100 * s->high);
	else if (column == 4)
		growth(s, buf, size);
	else if (column == 5 && d->has_counts)
		snprintf(buf, size, s->p < 0.0001 ? "<0.0001" : "%.4f", s->p);
	return buf;
}

static void difference_add_row(struct libscols_table *table, const struct diff *d, uint32_t f)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	const struct diff_side *s = &d->rows[f].self;
	char buf[64];

	if (!line)
		mem_exhausted();
	for (size_t c = 0; c < N_TITLES; c++)
		scols_line_set_data(line, c, cell(d, f, c, buf, sizeof(buf)));
	if (!diff_is_significant(s))
		scols_line_set_color(line, "darkgray");
	else
		scols_line_set_color(line, (double)s->new > s->base ? "red" : "blue");
}

void difference_text(const struct diff *d, const struct difference_options *o, struct str *out)
{
	struct libscols_table *table = scols_new_table();
	char *text = NULL;
	size_t n, shown = 0;
	auto_free uint32_t *order = diff_sorted(d, &n);

	if (!table)
		mem_exhausted();
	scols_table_enable_colors(table, o->colour);
	if (o->width)
		scols_table_set_termwidth(table, o->width);
	scols_table_set_termforce(table, o->width ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	for (size_t c = 0; c < N_TITLES; c++) {
		int flags = c < TITLE_FUNCTION ? SCOLS_FL_RIGHT : 0;

		if (c == TITLE_FUNCTION && o->width)
			flags = SCOLS_FL_TRUNC;
		scols_table_new_column(table, titles[c], 0, flags);
	}
	/* Functions that only call others are in the JSON. */
	for (size_t i = 0; i < n && (!o->most || shown < o->most); i++) {
		if (!d->rows[order[i]].self.base && !d->rows[order[i]].self.new)
			continue;
		difference_add_row(table, d, order[i]);
		shown++;
	}
	if (scols_print_table_to_string(table, &text) || !text)
		mem_exhausted();
	str_printf(out, "%s\n", text);
	free(text);
	scols_unref_table(table);
	difference_note(d, out);
	if (o->most && shown == o->most)
		str_puts(out, "; -n 0 shows all");
	str_putc(out, '\n');
}

static json_t *side_json(const struct diff *d, const struct diff_side *s)
{
	json_t *o = json_object();

	json_object_set_new(o, "base", json_integer(sum_rounded(s->base)));
	json_object_set_new(o, "new", json_integer(s->new));
	json_object_set_new(o, "base_percent", json_real(percent_of(s->base, d->base)));
	json_object_set_new(o, "new_percent", json_real(percent_of(s->new, d->new)));
	if (d->has_counts) {
		json_object_set_new(o, "interval_percent",
				    json_pack("[ff]", 100 * s->low, 100 * s->high));
		json_object_set_new(o, "p", json_real(s->p));
		json_object_set_new(o, "significant", json_boolean(diff_is_significant(s)));
	}
	return o;
}

void difference_json(const struct diff *d, const struct difference_options *o, struct str *out)
{
	json_t *root = json_object(), *list = json_array();
	size_t n;
	auto_free uint32_t *order = diff_sorted(d, &n);

	json_object_set_new(root, "version", json_integer(1));
	json_object_set_new(root, "type", json_text(d->v.type));
	json_object_set_new(root, "unit", json_text(d->v.unit));
	json_object_set_new(root, "base_total", json_integer(sum_rounded(d->base)));
	json_object_set_new(root, "new_total", json_integer(d->new));
	json_object_set_new(root, "base_scale", json_real(d->scale));
	json_object_set_new(root, "overdispersion", json_boolean(d->has_blocks));
	for (size_t i = 0; i < n && (!o->most || i < o->most); i++) {
		const struct function *f = &d->v.functions[order[i]];
		json_t *row = json_object();

		json_object_set_new(row, "function", json_text(f->name));
		json_object_set_new(row, "module", json_text(f->module));
		json_object_set_new(row, "self", side_json(d, &d->rows[order[i]].self));
		json_object_set_new(row, "total", side_json(d, &d->rows[order[i]].total));
		json_array_append_new(list, row);
	}
	json_object_set_new(root, "functions", list);
	json_print(root, out);
}

/* -- graphs -- */

struct drawing {
	const struct diff *d;
	struct diff_side *sides;
};

static uint32_t colour_of(const struct diff_side *s)
{
	double change = diff_change(s);

	return change != 0 ? change_colour(change) : COLOUR_GREY;
}

static uint32_t node_colour(const void *ctx, uint32_t node)
{
	return colour_of(&((const struct drawing *)ctx)->sides[node]);
}

static void node_note(const void *ctx, uint32_t node, struct str *out)
{
	const struct drawing *w = ctx;
	const struct diff_side *s = &w->sides[node];

	str_printf(out, "; base %.2f%%, new %.2f%%", percent_of(s->base, w->d->base),
		   percent_of(s->new, w->d->new));
	if (w->d->has_counts)
		str_printf(out, ", p %.2g%s", s->p,
			   diff_is_significant(s) ? "" : ": may be chance");
}

int difference_svg(const struct diff *d, const char *title, int fd, struct err *err)
{
	struct str note auto_release(str_release) = {0};
	struct drawing w = {.d = d};
	struct flame f = {.v = &d->v, .title = title, .annotate = true, .ctx = &w};
	struct tree t;
	int code;

	tree_build(&t, &d->v, &svg_tree);
	w.sides = diff_nodes(d, &t);
	difference_note(d, &note);
	f.t = &t;
	f.subtitle = note.text;
	f.colour = node_colour;
	f.note = node_note;
	code = flame_svg(&f, fd, err);
	free(w.sides);
	tree_release(&t);
	return code;
}

static uint32_t *colours_of(const struct diff *d, const struct tree *t)
{
	auto_free struct diff_side *sides = diff_nodes(d, t);
	uint32_t *colours = mem_array(t->n, sizeof(*colours));

	for (size_t i = 0; i < t->n; i++)
		colours[i] = colour_of(&sides[i]);
	return colours;
}

int difference_html(struct diff *d, const char *title, int fd, struct err *err)
{
	struct tree_options up = page_tree;
	struct str note auto_release(str_release) = {0};
	struct tree down, inverted;
	struct page page = {.v = &d->v, .title = title, .annotate = true, .whole = d->new};
	auto_free double *p = mem_array(d->v.n_functions, sizeof(*p));
	auto_free int64_t *base = mem_array(d->v.n_functions, sizeof(*base));
	auto_free uint32_t *colours_down = NULL, *colours_up = NULL;
	int code;

	up.inverted = true;
	tree_build(&down, &d->v, &page_tree);
	tree_build(&inverted, &d->v, &up);
	/* The page shows the new profile's sums beside the base's. */
	for (size_t f = 0; f < d->v.n_functions; f++) {
		d->v.functions[f].self = d->rows[f].self.new;
		d->v.functions[f].total = d->rows[f].total.new;
		base[f] = sum_rounded(d->rows[f].self.base);
		p[f] = d->rows[f].self.p;
	}
	difference_note(d, &note);
	str_puts(&note, "; widths are of both together, grey may be chance");
	page.down = (struct page_tree){&down, colours_down = colours_of(d, &down)};
	page.up = (struct page_tree){&inverted, colours_up = colours_of(d, &inverted)};
	page.note = note.text;
	page.base = base;
	page.p = p;
	code = page_write(&page, fd, err);
	tree_release(&down);
	tree_release(&inverted);
	return code;
}
