/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A flame graph as one SVG file. */
#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "analysis/columns.h"
#include "format/format.h"

#include <string.h>

enum { WIDTH = 1200, SIDE = 10, ROW = 17, TOP = 44, BOTTOM = 30 };

/* Narrower boxes cannot be seen and are left out. */
#define MIN_WIDTH 0.3

struct graph {
	const struct tree *t;
	struct str out;
	uint32_t *depth;
	double *left;    /* x of each node, in weight */
	stack_id *order; /* children before their later siblings, by name */
	uint32_t max_depth;
	double scale; /* pixels per weight */
	bool annotate;
};

static void put_escaped(struct str *s, const char *text, size_t most)
{
	for (size_t i = 0; text[i] && i < most; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '<')
			str_puts(s, "&lt;");
		else if (c == '>')
			str_puts(s, "&gt;");
		else if (c == '&')
			str_puts(s, "&amp;");
		else if (c == '"')
			str_puts(s, "&quot;");
		else if (c < 32 || c == 127)
			str_putc(s, '?');
		else
			str_putc(s, (char)c);
	}
}

/* A stable colour by name: warm for user code, and its own family for each other kind. */
static void put_colour(struct str *s, const struct tree_row *row)
{
	unsigned h = (unsigned)hash_bytes(row->name, strlen(row->name));
	unsigned a = h % 56, b = (h >> 8) % 56;

	if (row->is_group || row->kind == FRAME_NOTE)
		str_puts(s, "rgb(190,190,190)");
	else if (row->kind == FRAME_KERNEL)
		str_printf(s, "rgb(%u,%u,%u)", 225 + a / 2, 110 + b, 30 + a);
	else if (row->kind == FRAME_JIT)
		str_printf(s, "rgb(%u,%u,%u)", 80 + a, 190 + b, 90 + a);
	else if (row->inlined)
		str_printf(s, "rgb(%u,%u,%u)", 70 + a, 170 + b, 200 + a / 2);
	else
		str_printf(s, "rgb(%u,%u,%u)", 230 + a / 3, 150 + b, 60 + a / 2);
}

static int compare_nodes(const struct tree *t, stack_id a, stack_id b)
{
	return strcmp(t->rows[t->shape.nodes[a].item].name, t->rows[t->shape.nodes[b].item].name);
}

static int by_parent_and_name(const void *x, const void *y, void *ctx)
{
	const struct tree *t = ctx;
	stack_id a = *(const stack_id *)x, b = *(const stack_id *)y;
	stack_id pa = t->shape.nodes[a].parent, pb = t->shape.nodes[b].parent;

	if (pa != pb)
		return pa + 1 < pb + 1 ? -1 : 1; /* roots (NO_ID) first */
	return compare_nodes(t, a, b) ? compare_nodes(t, a, b) : a < b ? -1 : 1;
}

/* Where each node lies: parents come first in `order`, siblings in a row by name. */
static void lay_out(struct graph *g)
{
	const struct tree *t = g->t;
	size_t n = t->shape.n;
	auto_free double *used = mem_array(n + 1, sizeof(*used)); /* of the parent, [n] the root */

	for (stack_id i = 0; i < n; i++)
		g->order[i] = i;
	if (n)
		qsort_r(g->order, n, sizeof(*g->order), by_parent_and_name, (void *)t);
	for (size_t k = 0; k < n; k++) {
		stack_id i = g->order[k], parent = t->shape.nodes[i].parent;
		size_t above = parent == NO_ID ? n : parent;

		g->left[i] = (parent == NO_ID ? 0 : g->left[parent]) + used[above];
		used[above] += (double)t->nodes[i].total;
		g->depth[i] = parent == NO_ID ? 0 : g->depth[parent] + 1;
		if ((double)t->nodes[i].total * g->scale >= MIN_WIDTH)
			g->max_depth = MAX(g->max_depth, g->depth[i]);
	}
}

static void put_box(struct graph *g, stack_id i)
{
	const struct tree *t = g->t;
	const struct tree_row *row = &t->rows[t->shape.nodes[i].item];
	const char *annotation = g->annotate ? row_annotation(row) : "";
	double width = (double)t->nodes[i].total * g->scale;
	double x = SIDE + g->left[i] * g->scale;
	unsigned y = TOP + (g->max_depth - g->depth[i]) * ROW;
	size_t room = (size_t)(width / 7.2);
	char value[COLUMN_TEXT];

	if (width < MIN_WIDTH)
		return;
	str_puts(&g->out, "<g><title>");
	put_escaped(&g->out, row->name, SIZE_MAX);
	str_puts(&g->out, annotation);
	str_printf(&g->out,
		   " (%s %s, %.2f%%)</title><rect x=\"%.1f\" y=\"%u\" width=\"%.1f\" "
		   "height=\"%d\" fill=\"",
		   format_value(t->nodes[i].total, "count", value), "samples",
		   100.0 * (double)t->nodes[i].total / (double)t->total, x, y, width, ROW - 1);
	put_colour(&g->out, row);
	str_puts(&g->out, "\" rx=\"1\"/>");
	if (room >= 3) {
		str_printf(&g->out, "<text x=\"%.1f\" y=\"%u\">", x + 3, y + 12);
		put_escaped(&g->out, row->name, strlen(row->name) <= room ? room : room - 2);
		str_puts(&g->out, strlen(row->name) <= room ? "</text>" : "..</text>");
	}
	str_puts(&g->out, "</g>\n");
}

static void put_graph(struct graph *g, const char *title)
{
	unsigned height = TOP + (g->max_depth + 1) * ROW + BOTTOM;
	char total[COLUMN_TEXT];

	str_printf(&g->out,
		   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" "
		   "viewBox=\"0 0 %d %u\">\n"
		   "<style>text{font:12px monospace;fill:#000;pointer-events:none}"
		   "rect:hover{stroke:#000}</style>\n"
		   "<rect width=\"100%%\" height=\"100%%\" fill=\"#fdf6e9\"/>\n"
		   "<text x=\"%d\" y=\"24\" text-anchor=\"middle\" style=\"font-size:17px\">",
		   WIDTH, height, WIDTH, height, WIDTH / 2);
	put_escaped(&g->out, title ? title : "Flame graph", 200);
	str_printf(&g->out, "</text>\n<text x=\"%d\" y=\"%u\">%s %s</text>\n", SIDE, height - 10,
		   format_value(g->t->total, "count", total), "samples; narrow boxes are left out");
	for (size_t k = 0; k < g->t->shape.n; k++)
		put_box(g, g->order[k]);
	str_puts(&g->out, "</svg>\n");
}

int svg_write(const struct profile *p, int fd, const struct write_options *o, struct err *err)
{
	struct view_options view = o->view;
	struct graph g = {.annotate = !o->no_annotations};
	struct tree t;
	int code;

	view.count = true;
	code = tree_build(&t, p, &view, err);
	if (!code) {
		g.t = &t;
		g.scale = t.total > 0 ? (WIDTH - 2 * SIDE) / (double)t.total : 0;
		g.depth = mem_array(t.shape.n, sizeof(*g.depth));
		g.left = mem_array(t.shape.n, sizeof(*g.left));
		g.order = mem_array(t.shape.n, sizeof(*g.order));
		lay_out(&g);
		put_graph(&g, o->title);
		code = fd_write(fd, g.out.text, g.out.len);
		if (code)
			err_set(err, code, "cannot write the flame graph");
	}
	free(g.depth);
	free(g.left);
	free(g.order);
	str_release(&g.out);
	tree_release(&t);
	return code;
}
