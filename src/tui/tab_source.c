/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hot lines of one function, or its instructions. */
#include "analysis/columns.h"
#include "analysis/lines.h"
#include "base/mem.h"
#include "base/source.h"
#include "tui/screen.h"

#include <stdio.h>
#include <string.h>

enum { CONTEXT = 5, FIGURES = 18 };

/* A row: a line of the source or an instruction, with its weights. */
struct row {
	int64_t self, total;
	uint32_t line;
	char *text;
	bool is_head;
};

struct listing {
	struct row *rows;
	size_t n, cap;
};

static void listing_release(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->rows[i].text);
	free(l->rows);
}

/* Takes the text. */
static void tab_source_add(struct listing *l, int64_t self, int64_t total, uint32_t line,
			   char *text, bool is_head)
{
	array_reserve(l->rows, l->cap, l->n + 1);
	l->rows[l->n++] = (struct row){self, total, line, text, is_head};
}

static char *plain(const char *text)
{
	struct str s = {0};

	str_plain(&s, text);
	return s.text;
}

static void tab_source_add_file(struct listing *l, const struct screen *s, const struct view *v,
				const struct line_weight *w, size_t n)
{
	const char *file = profile_raw(v->p, w->file);
	struct source source auto_release(source_release) = {0};
	bool found = source_read(&source, file, s->source_path, profile_named_by(v->p, w->mapping));
	uint32_t from = w->line > CONTEXT ? w->line - CONTEXT : 1, to = w[n - 1].line + CONTEXT;
	size_t k = 0;

	if (w->start_line && w->start_line < w->line && w->line - w->start_line < 200)
		from = w->start_line;
	tab_source_add(l, 0, 0, 0, plain(found ? source.path : file), true);
	if (!found)
		tab_source_add(
			l, 0, 0, 0,
			mem_strdup(source.refused
					   ? "(the source is not shown: who made the program may "
					     "not read it; --trust opens it with your rights)"
					   : "(the source is not here; --source-path says where to "
					     "look)"),
			true);
	for (uint32_t line = from; found && line <= to && line <= source.n; line++) {
		while (k < n && w[k].line < line)
			k++;
		if (k < n && w[k].line == line)
			tab_source_add(l, w[k].self, w[k].total, line, plain(source.lines[line]),
				       false);
		else
			tab_source_add(l, 0, 0, line, plain(source.lines[line]), false);
	}
	/* What lies beyond the file that was found, or in no line, has weight, too. */
	for (k = 0; k < n; k++)
		if (!found || !w[k].line || w[k].line > source.n)
			tab_source_add(l, w[k].self, w[k].total, w[k].line, mem_strdup(""), false);
}

static void tab_source_add_lines(struct listing *l, const struct screen *s, const struct view *v,
				 const struct line_weights *w)
{
	for (size_t i = 0, end; i < w->n_lines; i = end) {
		for (end = i + 1; end < w->n_lines && w->lines[end].file == w->lines[i].file;)
			end++;
		if (w->lines[i].file)
			tab_source_add_file(l, s, v, &w->lines[i], end - i);
	}
}

/* Fetches the instructions once for each function that is looked at. */
static void fetch_code(struct screen *s, const struct line_weights *w)
{
	struct err err = {0};

	if (s->source.has_code)
		return;
	s->source.has_code = true;
	s->source.why_not[0] = '\0';
	if (!w->n_code || !s->annotate)
		snprintf(s->source.why_not, sizeof(s->source.why_not), "there is no code");
	else if (s->annotate(s->annotate_ctx, w->code[0].mapping, w->code[0].offset,
			     &s->source.code, &err))
		snprintf(s->source.why_not, sizeof(s->source.why_not), "no disassembly: %s",
			 err.what);
}

static void tab_source_add_code(struct listing *l, struct screen *s, const struct view *v,
				const struct line_weights *w, uint32_t function)
{
	const struct code *c = &s->source.code;
	auto_free struct code_weight *weights = NULL;
	struct source source auto_release(source_release) = {0};
	uid_t named_by = profile_named_by(v->p, w->n_code ? w->code[0].mapping : NO_ID);

	fetch_code(s, w);
	if (*s->source.why_not)
		tab_source_add(l, 0, 0, 0, mem_strdup(s->source.why_not), true);
	weights = code_weights(v, function, c);
	for (size_t i = 0; i < c->n; i++) {
		const struct instruction *in = &c->rows[i];
		auto_free char *code = plain(in->text);

		/* Above the instructions that a line was made into. */
		if (in->line &&
		    (!i || in[-1].line != in->line || !str_equal(in[-1].file, in->file))) {
			auto_free char *at = plain(in->file);
			auto_free char *text = plain(
				source_line(&source, in->file, s->source_path, named_by, in->line));

			tab_source_add(l, 0, 0, 0, mem_printf("%s:%u  %s", at, in->line, text),
				       true);
		}
		tab_source_add(l, weights[i].self, weights[i].total, 0,
			       mem_printf("%8llx  %s", (unsigned long long)in->offset, code),
			       false);
	}
}

static struct listing make(struct screen *s, const struct view *v, uint32_t function)
{
	auto_free uint8_t *chosen = mem_alloc(v->n_functions);
	struct listing l = {0};
	struct line_weights w;

	chosen[function] = 1;
	line_weights_find(&w, v, chosen);
	if (!s->source.as_code)
		tab_source_add_lines(&l, s, v, &w);
	if (!l.n && !s->source.as_code)
		tab_source_add(
			&l, 0, 0, 0,
			mem_strdup("no lines are known: it was built without -g, or its debug "
				   "information is not here"),
			true);
	if (l.n <= 1)
		tab_source_add_code(&l, s, v, &w, function);
	line_weights_release(&w);
	return l;
}

static void tab_source_draw_row(struct grid *g, int row, const struct view *v, const struct row *r)
{
	enum style style = STYLE_DIM;
	int col = FIGURES;

	if (r->self)
		grid_printf(g, row, 0, STYLE_PLAIN, "%7.2f", percent_of(r->self, v->whole));
	if (r->total)
		grid_printf(g, row, 8, STYLE_PLAIN, "%7.2f", percent_of(r->total, v->whole));
	if (r->line)
		col = grid_printf(g, row, col - 2, STYLE_DIM, "%5u ", r->line) + 1;
	if (r->is_head)
		style = STYLE_HEADER;
	else if (r->self)
		style = STYLE_WARN;
	else if (r->total)
		style = STYLE_PLAIN;
	grid_text(g, row, col, g->cols - col, style, r->text);
}

/* The heaviest row is the first that is looked at. */
static uint32_t hottest(const struct listing *l)
{
	uint32_t best = 0;

	for (uint32_t i = 0; i < l->n; i++)
		if (l->rows[i].self > l->rows[best].self)
			best = i;
	return best;
}

static void tab_source_draw(struct screen *s, struct grid *g, int top, int room)
{
	const struct view *v = model_view(&s->model);
	uint32_t function = find_function(v, s->source.function);
	struct rows *r = &s->rows[TAB_source];
	struct listing l;
	bool is_new = !r->n;

	grid_style_row(g, top, STYLE_HEADER);
	if (function == NO_ID) {
		grid_text(g, top + 2, 2, g->cols - 2, STYLE_DIM,
			  "choose a function on another tab, and press a");
		return;
	}
	grid_printf(g, top, 0, STYLE_HEADER, " SELF %%  TOTAL %%  %s  %s  (a: %s)",
		    v->functions[function].name, v->functions[function].module,
		    s->source.as_code ? "source" : "instructions");
	l = make(s, v, function);
	if (is_new)
		r->selected = hottest(&l);
	rows_fit(r, (uint32_t)l.n, room);
	if (is_new && r->selected > (uint32_t)room / 2)
		r->first = MIN(r->selected - (uint32_t)room / 2,
			       (uint32_t)l.n > (uint32_t)r->page ? (uint32_t)l.n - (uint32_t)r->page
								 : 0);
	for (uint32_t i = r->first; i < l.n && (int)(i - r->first) < room; i++) {
		int row = top + 1 + (int)(i - r->first);

		tab_source_draw_row(g, row, v, &l.rows[i]);
		if (i == r->selected)
			grid_style_row(g, row, STYLE_SELECTED);
	}
	listing_release(&l);
}

static bool tab_source_act(struct screen *s, enum action a)
{
	if (a == ACTION_ANNOTATE) {
		s->source.as_code = !s->source.as_code;
		s->rows[TAB_source] = (struct rows){0};
		return true;
	}
	return rows_act(&s->rows[TAB_source], a);
}

const struct tab tab_source = {"Source", tab_source_draw, tab_source_act};
