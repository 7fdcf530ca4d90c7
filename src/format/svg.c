/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A flame graph as one SVG file, with a script that zooms and searches. */
#include "analysis/columns.h"
#include "analysis/palette.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/sum.h"
#include "format/flame.h"
#include "format/format.h"
#include "profile/values.h"

#include "flame.js.h"

#include <string.h>

enum { WIDTH = 1200, SIDE = 10, ROW = 17, TOP = 60, BOTTOM = 34, MOST_BOXES = 20000 };
enum { MAX_ROWS = 4096 }; /* of which a page can still be made */

#define CHARACTER 7.2 /* pixels */

const struct tree_options svg_tree = {.least = 0.1 / (WIDTH - 2 * SIDE), .most = MOST_BOXES};

struct graph {
	const struct flame *f;
	struct children c;
	struct str out;
	uint32_t *depth;
	double *left; /* of each node, in weight */
	uint32_t max_depth;
	double scale; /* pixels a weight */
};

void put_xml(struct str *s, const char *text, size_t most)
{
	size_t length = strlen(text), end = MIN(length, most);

	while (end < length && end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80)
		end--;
	for (size_t i = 0; i < end;) {
		unsigned char c = (unsigned char)text[i];
		size_t n = utf8_length(text + i);

		if (c == '<')
			str_puts(s, "&lt;");
		else if (c == '>')
			str_puts(s, "&gt;");
		else if (c == '&')
			str_puts(s, "&amp;");
		else if (c == '"')
			str_puts(s, "&quot;");
		else if (c < 32 || c == 127 || !n || i + n > end ||
			 memcmp(text + i, "\xef\xbf\xbe", MIN(n, 3u)) == 0 ||
			 memcmp(text + i, "\xef\xbf\xbf", MIN(n, 3u)) == 0)
			str_putc(s, '?');
		else
			str_add(s, text + i, n);
		i += MAX(n, 1u);
	}
}

/* Parents come before their children; siblings lie side by side, by name. */
static void svg_lay_out(struct graph *g)
{
	const struct tree *t = g->f->t;
	auto_free double *used =
		mem_array(t->n + 1, sizeof(*used)); /* of the parent, [0] the root */

	g->depth = mem_array(t->n, sizeof(*g->depth));
	g->left = mem_array(t->n, sizeof(*g->left));
	children_find(&g->c, t, g->f->v, CHILDREN_BY_NAME);
	for (size_t k = 0; k < t->n; k++) {
		uint32_t i = g->c.nodes[k], parent = t->nodes[i].parent;

		g->left[i] = (parent == NO_ID ? 0 : g->left[parent]) + used[parent + 1];
		used[parent + 1] += (double)MAX(t->nodes[i].total, 0);
		g->depth[i] = parent == NO_ID ? 0 : g->depth[parent] + 1;
		g->max_depth = MAX(g->max_depth, MIN(g->depth[i], (uint32_t)MAX_ROWS));
	}
}

/* What is counted, behind its number. */
static void put_noun(struct str *out, const struct view *v)
{
	const char *noun = value_noun(v->p, v->value);

	if (!*noun)
		return;
	str_putc(out, ' ');
	put_xml(out, noun, SIZE_MAX);
}

static void put_box(struct graph *g, uint32_t i)
{
	const struct tree_node *n = &g->f->t->nodes[i];
	const struct function *fn = &g->f->v->functions[n->function];
	double width = (double)n->total * g->scale;
	size_t room = (size_t)MAX((MIN(width, (double)WIDTH) - 4) / CHARACTER, 0.0);
	char value[COLUMN_TEXT];
	unsigned y = TOP + (g->max_depth - g->depth[i]) * ROW;

	if (n->total <= 0 || g->depth[i] > g->max_depth)
		return;
	str_puts(&g->out, "<g><title>");
	put_xml(&g->out, fn->name, SIZE_MAX);
	if (g->f->annotate)
		str_puts(&g->out, function_annotation(fn));
	str_printf(&g->out, " (%s", format_value(n->total, g->f->v->unit, value));
	put_noun(&g->out, g->f->v);
	str_printf(&g->out, ", %.2f%%)", percent_of(n->total, g->f->t->whole));
	if (g->f->note)
		g->f->note(g->f->ctx, i, &g->out);
	str_printf(&g->out,
		   "</title><rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%d\" "
		   "fill=\"#%06x\"/>",
		   SIDE + g->left[i] * g->scale, y, width, ROW - 1,
		   g->f->colour ? g->f->colour(g->f->ctx, i) : function_colour(fn));
	/* The script writes the others when there is room. */
	if (room >= 3) {
		bool whole = strlen(fn->name) <= room;

		str_printf(&g->out, "<text x=\"%.2f\" y=\"%u\">", SIDE + g->left[i] * g->scale + 3,
			   y + 12);
		put_xml(&g->out, fn->name, whole ? room : room - 2);
		str_puts(&g->out, whole ? "</text>" : "..</text>");
	}
	str_puts(&g->out, "</g>\n");
}

static void svg_put_head(struct graph *g)
{
	unsigned height = TOP + (g->max_depth + 1) * ROW + BOTTOM;

	str_printf(&g->out,
		   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" "
		   "viewBox=\"0 0 %d %u\">\n"
		   "<style>\n"
		   "svg{--back:#fdf6e9;--ink:#222}\n"
		   "text{font:12px ui-monospace,monospace;fill:var(--ink);pointer-events:none}\n"
		   "#boxes text{fill:#000}\n#boxes g{cursor:pointer}\n"
		   "#boxes rect{rx:1}\n#boxes g:hover rect,#boxes g.at rect{stroke:#000}\n"
		   "#boxes g.found rect{fill:#e600e6}\n#boxes g.above rect{opacity:.55}\n"
		   ".button{pointer-events:all;cursor:pointer;text-decoration:underline}\n"
		   "@media(prefers-color-scheme:dark){svg{--back:#1d1f24;--ink:#ddd}"
		   "#boxes g:hover rect,#boxes g.at rect{stroke:#fff}}\n"
		   "</style>\n"
		   "<rect width=\"100%%\" height=\"100%%\" style=\"fill:var(--back)\"/>\n"
		   "<text x=\"%d\" y=\"24\" text-anchor=\"middle\" style=\"font-size:17px\">",
		   WIDTH, height, WIDTH, height, WIDTH / 2);
	put_xml(&g->out, g->f->title, 120);
	str_puts(&g->out, "</text>\n");
	str_printf(&g->out,
		   "<text id=\"reset\" class=\"button\" x=\"%d\" y=\"42\" "
		   "visibility=\"hidden\">reset zoom</text>\n"
		   "<text id=\"flip\" class=\"button\" x=\"%d\" y=\"42\" visibility=\"hidden\" "
		   "text-anchor=\"end\">icicle</text>\n"
		   "<text id=\"search\" class=\"button\" x=\"%d\" y=\"42\" visibility=\"hidden\" "
		   "text-anchor=\"end\">search</text>\n",
		   SIDE, WIDTH - SIDE - 60, WIDTH - SIDE);
	str_printf(&g->out, "<text id=\"matched\" x=\"%d\" y=\"%u\" text-anchor=\"end\"></text>\n",
		   WIDTH - SIDE, height - 12);
	str_printf(&g->out, "<text id=\"details\" x=\"%d\" y=\"%u\">", SIDE, height - 12);
	put_xml(&g->out, g->f->subtitle, 150);
	str_puts(&g->out, "</text>\n<g id=\"boxes\">\n");
}

int flame_svg(const struct flame *f, int fd, struct err *err)
{
	struct graph g = {.f = f};
	int code;

	g.scale = f->t->whole ? (WIDTH - 2 * SIDE) / (double)f->t->whole : 0;
	svg_lay_out(&g);
	svg_put_head(&g);
	for (size_t k = 0; k < f->t->n; k++)
		put_box(&g, g.c.nodes[k]);
	str_puts(&g.out, "</g>\n<script><![CDATA[\n");
	str_add(&g.out, flame_js, sizeof(flame_js));
	str_puts(&g.out, "]]></script>\n</svg>\n");
	code = fd_write(fd, g.out.text, g.out.len);
	free(g.depth);
	free(g.left);
	children_release(&g.c);
	str_release(&g.out);
	return code ? err_set(err, code, "cannot write the flame graph") : 0;
}

/* "29,970 samples; 120 of 4,000 branches ..." */
static void put_subtitle(struct str *s, const struct view *v, const struct tree *t)
{
	char total[COLUMN_TEXT];
	int64_t cut = t->cut;

	for (size_t i = 0; i < t->n; i++)
		sum_add(&cut, t->nodes[i].cut);
	str_puts(s, format_value(v->total, v->unit, total));
	if (*value_noun(v->p, v->value))
		str_printf(s, " %s", value_noun(v->p, v->value));
	if (cut)
		str_printf(s, "; %.1f %% in boxes too narrow to be drawn",
			   percent_of(cut, v->whole));
}

int svg_write(const struct profile *p, int fd, const struct write_options *o, struct err *err)
{
	struct str subtitle auto_release(str_release) = {0};
	struct tree_options options = svg_tree;
	struct view_options view = o->view;
	struct flame f = {.annotate = !o->no_annotations};
	struct tree t;
	struct view v;
	int code;

	view.count = true;
	code = view_open(&v, p, &view, err);
	if (!code) {
		options.inverted = o->inverted;
		tree_build(&t, &v, &options);
		put_subtitle(&subtitle, &v, &t);
		f.v = &v;
		f.t = &t;
		f.title = o->title ? o->title : "Flame graph";
		f.subtitle = subtitle.text;
		code = flame_svg(&f, fd, err);
		tree_release(&t);
	}
	view_release(&v);
	return code;
}
