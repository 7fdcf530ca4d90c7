/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A profile as one page: its data as JSON, the viewer, and the profile itself. */
#include "analysis/columns.h"
#include "analysis/palette.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/sum.h"
#include "format/base64.h"
#include "format/flame.h"
#include "format/format.h"
#include "format/page.h"
#include "format/page_rows.h"
#include "format/put_json.h"
#include "profile/named_mappings.h"
#include "profile/values.h"

#include "viewer.css.h"
#include "viewer.html.h"
#include "viewer.js.h"

#include <string.h>

enum { MOST_NODES = 50000, MOST_FUNCTIONS = 20000 };

/* Stacks and samples of a profile that a page still carries whole: some 10 MB. */
enum { MOST_EMBEDDED = 4 << 20 };

const struct tree_options page_tree = {.least = 2e-5, .most = MOST_NODES};

struct writer {
	const struct page *page;
	struct str out;
	uint32_t *shown; /* functions, in the order of the page */
	size_t n_shown;
	uint32_t *place; /* function -> its place there, NO_ID */
};

static int64_t id_or_minus(uint32_t id)
{
	return id == NO_ID ? -1 : (int64_t)id;
}

/* The heaviest functions first, then those that only the trees name. */
static void choose_functions(struct writer *w)
{
	const struct view *v = w->page->v;
	const struct tree *trees[] = {w->page->down.t, w->page->up.t};
	size_t n;
	auto_free uint32_t *order = view_sorted(v, SORT_SELF, &n);

	w->shown = mem_array(v->n_functions, sizeof(*w->shown));
	w->place = mem_array(v->n_functions, sizeof(*w->place));
	memset(w->place, 0xff, v->n_functions * sizeof(*w->place));
	for (size_t i = 0; i < n && i < MOST_FUNCTIONS; i++) {
		w->place[order[i]] = (uint32_t)w->n_shown;
		w->shown[w->n_shown++] = order[i];
	}
	/* Of a difference, also what is gone. */
	for (uint32_t f = 0; w->page->base && f < v->n_functions; f++) {
		if (!w->page->base[f] || w->place[f] != NO_ID)
			continue;
		w->place[f] = (uint32_t)w->n_shown;
		w->shown[w->n_shown++] = f;
	}
	for (size_t k = 0; k < ARRAY_SIZE(trees); k++) {
		for (size_t i = 0; i < trees[k]->n; i++) {
			uint32_t f = trees[k]->nodes[i].function;

			if (w->place[f] != NO_ID)
				continue;
			w->place[f] = (uint32_t)w->n_shown;
			w->shown[w->n_shown++] = f;
		}
	}
}

static const char *const kinds[] = {[FRAME_USER] = "user",
				    [FRAME_KERNEL] = "kernel",
				    [FRAME_JIT] = "jit",
				    [FRAME_NOTE] = "note"};

static void html_put_functions(struct writer *w)
{
	const struct function *f = w->page->v->functions;
	struct str *s = &w->out;

	str_puts(s, "\"functions\":{\n");
	put_json_array(s, "name", w->n_shown, put_json_text(s, f[w->shown[i]].name));
	put_json_array(s, "module", w->n_shown, put_json_text(s, f[w->shown[i]].module));
	put_json_array(
		s, "kind", w->n_shown,
		str_printf(s, "\"%s\"",
			   f[w->shown[i]].inlined ? "inlined" : kinds[f[w->shown[i]].kind & 3]));
	put_json_array(s, "colour", w->n_shown,
		       put_json_number(s, function_colour(&f[w->shown[i]])));
	put_json_array(s, "self", w->n_shown, put_json_number(s, f[w->shown[i]].self));
	if (w->page->base) {
		put_json_array(s, "base", w->n_shown,
			       put_json_number(s, w->page->base[w->shown[i]]));
		put_json_array(s, "p", w->n_shown, str_printf(s, "%.3g", w->page->p[w->shown[i]]));
	}
	put_json_array(s, "total", w->n_shown, put_json_number(s, f[w->shown[i]].total));
	s->len -= 2; /* the last comma */
	str_puts(s, "},\n");
}

static void html_put_groups(struct writer *w, const struct page_rows *r)
{
	static const char *const names[] = {
		[PAGE_PROCESS] = "process", [PAGE_THREAD] = "thread", [PAGE_CGROUP] = "cgroup"};
	struct str *s = &w->out;

	str_puts(s, "\"groups\":{");
	for (int g = 0; g < N_PAGE_GROUPS; g++) {
		str_printf(s, "%s\"%s\":[", g ? "," : "", names[g]);
		for (size_t i = 0; i < r->groups[g].n && !r->left_out[g]; i++) {
			if (i)
				str_putc(s, ',');
			put_json_text(s, r->groups[g].names[i]);
		}
		str_puts(s, "]");
	}
	str_puts(s, "},\n");
	str_printf(s, "\"groupsLeftOut\":%s,\n",
		   r->left_out[PAGE_PROCESS] || r->left_out[PAGE_THREAD] || r->left_out[PAGE_CGROUP]
			   ? "true"
			   : "false");
}

static void put_tree(struct writer *w, const char *name, const struct page_tree *tree)
{
	const struct tree_node *nodes = tree->t->nodes;
	struct str *s = &w->out;
	struct page_rows r;
	int64_t cut = tree->t->cut;

	for (size_t i = 0; i < tree->t->n; i++)
		sum_add(&cut, nodes[i].cut);
	page_rows_make(&r, w->page->v, tree->t, !w->page->base);
	str_printf(s, "\"%s\":{", name);
	put_json_array(s, "parent", tree->t->n, put_json_number(s, id_or_minus(nodes[i].parent)));
	put_json_array(s, "function", tree->t->n, put_json_number(s, w->place[nodes[i].function]));
	if (tree->colours)
		put_json_array(s, "colour", tree->t->n, put_json_number(s, tree->colours[i]));
	str_puts(s, "\"rows\":{");
	put_json_array(s, "node", r.n, put_json_number(s, id_or_minus(r.rows[i].node)));
	put_json_array(s, "process", r.n,
		       put_json_number(s, id_or_minus(r.rows[i].group[PAGE_PROCESS])));
	put_json_array(s, "thread", r.n,
		       put_json_number(s, id_or_minus(r.rows[i].group[PAGE_THREAD])));
	put_json_array(s, "cgroup", r.n,
		       put_json_number(s, id_or_minus(r.rows[i].group[PAGE_CGROUP])));
	if (r.timed)
		put_json_array(s, "block", r.n, put_json_number(s, r.rows[i].block));
	put_json_array(s, "weight", r.n, put_json_number(s, r.rows[i].weight));
	s->len -= 2;
	str_puts(s, "},\n");
	html_put_groups(w, &r);
	str_printf(s, "\"blockMs\":%.3f,\"blocks\":%u,\"cut\":%lld,\"least\":%g},\n",
		   r.timed ? (double)r.times.block_ns / 1e6 : 0.0,
		   r.timed ? timeline_blocks(&r.times) : 0, (long long)cut, tree->t->least);
	page_rows_release(&r);
}

static bool html_is_too_large(const struct profile *p)
{
	return p->stacks.n > MOST_EMBEDDED || p->n_samples > MOST_EMBEDDED;
}

static void put_data(struct writer *w)
{
	const struct view *v = w->page->v;
	struct str *s = &w->out;

	str_puts(s, "{\"title\":");
	put_json_text(s, w->page->title);
	str_puts(s, ",\n\"note\":");
	put_json_text(s, w->page->note ? w->page->note : "");
	str_puts(s, ",\n\"unit\":");
	put_json_text(s, v->unit);
	str_puts(s, ",\n\"noun\":");
	put_json_text(s, value_noun(v->p, v->value));
	str_printf(s, ",\n\"aggregated\":%s,\n\"annotate\":%s,\n\"startMs\":%.3f,\n",
		   html_is_too_large(v->p) ? "true" : "false", w->page->annotate ? "true" : "false",
		   (double)v->p->time_ns / 1e6);
	put_json_array(s, "comments", v->p->n_comments,
		       put_json_text(s, profile_text(v->p, v->p->comments[i])));
	html_put_functions(w);
	put_tree(w, "down", &w->page->down);
	put_tree(w, "up", &w->page->up);
	str_printf(s, "\"functionsInAll\":%zu,\"whole\":%lld,\"total\":%lld}", v->n_functions,
		   (long long)(w->page->base ? w->page->whole : v->total), (long long)v->total);
}

/* A profile of what the page shows, for when the whole is too large for it. */
static void aggregate(const struct page *page, struct profile *ret)
{
	const struct tree *t = page->down.t;
	const struct view *v = page->v;
	auto_free stack_id *stacks = mem_array(t->n, sizeof(*stacks));
	auto_free int64_t *weights = mem_array(t->n + 1, sizeof(*weights));
	struct named_mappings mappings auto_release(named_mappings_release) = {.p = ret};
	labels_id labels;

	profile_init(ret);
	profile_add_type(ret, v->type, v->unit);
	labels = profile_add_labels(ret, NULL, 0);
	for (size_t i = 0; i < v->n_origins; i++)
		sum_add(&weights[t->place[i] + 1], v->origins[i].weight);
	profile_add_sample(ret, NO_ID, labels, &weights[0]);
	for (size_t i = 0; i < t->n; i++) {
		const struct function *fn = &v->functions[t->nodes[i].function];
		struct mapping like = {.has_functions = true};
		struct frame f = {.mapping = NO_ID, .inner = NO_ID, .named = fn->named};

		like.filename = strings_add(&ret->strings, fn->module);
		if (*fn->module)
			f.mapping = named_mappings_add(&mappings, &like);
		f.function = f.system_name = strings_add(&ret->strings, fn->name);
		stacks[i] = stacks_push(&ret->stacks,
					t->nodes[i].parent == NO_ID ? NO_ID
								    : stacks[t->nodes[i].parent],
					profile_add_frame(ret, &f));
		if (weights[i + 1])
			profile_add_sample(ret, stacks[i], labels, &weights[i + 1]);
	}
	for (size_t i = 0; i < v->p->n_comments; i++)
		profile_add_comment(ret, profile_raw(v->p, v->p->comments[i]));
	profile_add_comment(ret, "aggregated from a larger profile: thin branches were cut");
}

/* The profile as it would be saved. */
static int html_put_profile(struct writer *w, struct err *err)
{
	struct str bytes auto_release(str_release) = {0};
	const struct format *pprof = format_at(0);
	const struct profile *p = w->page->v->p;
	struct profile small;
	int code;

	if (html_is_too_large(p)) {
		aggregate(w->page, &small);
		code = format_append(pprof, &small, NULL, &bytes, err);
		profile_release(&small);
	} else {
		code = format_append(pprof, p, NULL, &bytes, err);
	}
	if (!code)
		put_base64(&w->out, bytes.text, bytes.len);
	return code;
}

/* Puts what the template asks for by @NAME@ on a line of its own. */
static int put_part(struct writer *w, const char *name, struct err *err)
{
	if (str_starts(name, "TITLE"))
		put_xml(&w->out, w->page->title, 200);
	else if (str_starts(name, "STYLE"))
		str_add(&w->out, viewer_css, sizeof(viewer_css));
	else if (str_starts(name, "SCRIPT"))
		str_add(&w->out, viewer_js, sizeof(viewer_js));
	else if (str_starts(name, "DATA"))
		put_data(w);
	else
		return html_put_profile(w, err);
	return 0;
}

int page_write(const struct page *page, int fd, struct err *err)
{
	struct writer w = {.page = page};
	struct str template auto_release(str_release) = {0};
	const char *at;
	int code = 0;

	choose_functions(&w);
	str_add(&template, viewer_html, sizeof(viewer_html));
	for (at = template.text; !code;) {
		const char *name = strchr(at, '@'), *end = name ? strchr(name + 1, '@') : NULL;

		if (!end)
			break;
		str_add(&w.out, at, (size_t)(name - at));
		code = put_part(&w, name + 1, err);
		at = end + 1;
	}
	str_puts(&w.out, at);
	if (!code) {
		code = fd_write(fd, w.out.text, w.out.len);
		if (code)
			err_set(err, code, "cannot write the page");
	}
	free(w.shown);
	free(w.place);
	str_release(&w.out);
	return code;
}

int html_write(const struct profile *p, int fd, const struct write_options *o, struct err *err)
{
	struct tree_options up = page_tree;
	struct view_options view = o->view;
	struct page page = {.title = o->title ? o->title : "Profile",
			    .annotate = !o->no_annotations};
	struct tree t, u;
	struct view v;
	int code;

	view.by = BY_NONE; /* the page groups itself */
	code = view_open(&v, p, &view, err);
	if (!code) {
		up.inverted = true;
		view_count(&v);
		tree_build(&t, &v, &page_tree);
		tree_build(&u, &v, &up);
		page.v = &v;
		page.down.t = &t;
		page.up.t = &u;
		code = page_write(&page, fd, err);
		tree_release(&t);
		tree_release(&u);
	}
	view_release(&v);
	return code;
}
