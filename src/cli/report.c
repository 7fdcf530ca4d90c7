/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cprof report: tables of a saved profile. */
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/report_missing.h"
#include "cli/show.h"
#include "cli/view_options.h"
#include "cli/standard_out.h"
#include "format/format.h"
#include "format/heatmap.h"
#include "format/listing.h"
#include "format/table.h"
#include "live/saved.h"
#include "symbolize/disassemble.h"
#include "tui/curses.h"

#include <string.h>

enum { DEFAULT_ROWS = 50, DEFAULT_EDGES = 10 };

enum mode {
	MODE_DEFAULT,
	MODE_TOP,
	MODE_TREE,
	MODE_CALLERS,
	MODE_PEEK,
	MODE_LIST,
	MODE_HEATMAP,
	MODE_MISSING
};

struct report {
	struct view_args view; /* first: the context of VIEW_OPTIONS */
	enum mode mode;
	bool json, csv, as_code, sort_given;
	const char *pattern, *source_path;
	enum sort_key sort;
};

static int set_mode(struct report *r, enum mode mode, struct err *err)
{
	if (r->mode != MODE_DEFAULT && r->mode != mode) {
		err_usage(err, "one view at a time");
		return err_cure(err, "one of --top, --tree, --callers, --peek, --list, --heatmap, "
				     "--missing");
	}
	r->mode = mode;
	return 0;
}

static int set_top(void *ctx, const char *arg, struct err *err)
{
	(void)arg;
	return set_mode(ctx, MODE_TOP, err);
}

static int set_tree(void *ctx, const char *arg, struct err *err)
{
	(void)arg;
	return set_mode(ctx, MODE_TREE, err);
}

static int set_callers(void *ctx, const char *arg, struct err *err)
{
	(void)arg;
	return set_mode(ctx, MODE_CALLERS, err);
}

static int set_peek(void *ctx, const char *arg, struct err *err)
{
	((struct report *)ctx)->pattern = arg;
	return set_mode(ctx, MODE_PEEK, err);
}

static int set_list(void *ctx, const char *arg, struct err *err)
{
	((struct report *)ctx)->pattern = arg;
	return set_mode(ctx, MODE_LIST, err);
}

static int set_heatmap(void *ctx, const char *arg, struct err *err)
{
	(void)arg;
	return set_mode(ctx, MODE_HEATMAP, err);
}

static int set_missing(void *ctx, const char *arg, struct err *err)
{
	(void)arg;
	return set_mode(ctx, MODE_MISSING, err);
}

static int set_asm(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct report *)ctx)->as_code = true;
	return 0;
}

static int report_set_source_path(void *ctx, const char *arg, struct err *err)
{
	(void)err;
	((struct report *)ctx)->source_path = arg;
	return 0;
}

static int report_set_json(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct report *)ctx)->json = true;
	return 0;
}

static int set_csv(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct report *)ctx)->csv = true;
	return 0;
}

static int set_sort(void *ctx, const char *arg, struct err *err)
{
	struct report *r = ctx;

	r->sort_given = true;
	if (str_equal(arg, "self"))
		r->sort = SORT_SELF;
	else if (str_equal(arg, "total"))
		r->sort = SORT_TOTAL;
	else
		return err_usage(err, "--sort %.40s: self or total", arg);
	return 0;
}

static const struct option_row options[] = {
	VIEW_OPTIONS,
	NAME_OPTIONS,
	{0, "top", NULL, "a table of functions (the default when piped)", 0, NULL, set_top},
	{0, "tree", NULL, "the call tree, from the root down", 0, NULL, set_tree},
	{0, "callers", NULL, "the call tree inverted: from each function up to its callers", 0,
	 NULL, set_callers},
	{0, "peek", "REGEX", "callers and callees of functions that match", 0, NULL, set_peek},
	{0, "list", "REGEX", "source lines of functions that match, with their weights", 0, NULL,
	 set_list},
	{0, "asm", NULL, "with --list: their instructions, below the lines they were made of", 0,
	 NULL, set_asm},
	{0, "source-path", "DIR[:DIR]", "where sources are that are not where they were built",
	 COMPLETE_FILE, NULL, report_set_source_path},
	{0, "heatmap", NULL, "when samples fell (of record --timeline)", 0, NULL, set_heatmap},
	{0, "missing", NULL, "modules with functions that have no name, and what would name them",
	 0, NULL, set_missing},
	{'n', "rows", "N", "show that many rows (50; of --peek 10); 0 is all", 0, NULL,
	 view_set_rows},
	{0, "sort", "KEY", "by self or total", COMPLETE_CHOICES, "self|total", set_sort},
	{0, "json", NULL, "as JSON", 0, NULL, report_set_json},
	{0, "csv", NULL, "the table of functions as CSV", 0, NULL, set_csv},
};

static void add_header(const struct profile *p, const struct view *v, struct str *out)
{
	str_plain(out, v->type);
	str_puts(out, " (");
	str_plain(out, v->unit);
	str_puts(out, p->n_comments ? "); " : ")");
	/* The first comment is the account, for a profile that cprof took. */
	if (p->n_comments)
		str_plain(out, profile_text(p, p->comments[0]));
	str_putc(out, '\n');
}

static int nothing_matches(const struct report *r, struct err *err)
{
	err_set(err, 0, "no function matches '%.100s'", r->pattern);
	return err_cure(err, "'cprof report --top -n 0' shows their names");
}

static int print_peek(const struct report *r, struct view *v, struct str *out, struct err *err)
{
	auto_free uint8_t *chosen = functions_matching(v, r->pattern, err);
	struct peeks peeks;

	if (!chosen)
		return err->code;
	view_count(v);
	peek_find(&peeks, v, chosen);
	if (!peeks.n)
		nothing_matches(r, err);
	else if (r->json)
		peek_json(v, &peeks, out);
	else
		peek_text(v, &peeks, r->view.rows_given ? r->view.rows : DEFAULT_EDGES, out);
	peek_release(&peeks);
	return err->code;
}

struct disassembly {
	const struct profile *p;
	const struct symbolize_options *names;
};

static int get_code(const void *ctx, mapping_id mapping, uint64_t offset, struct code *ret,
		    struct err *err)
{
	const struct disassembly *d = ctx;

	return disassemble(d->names, d->p, mapping, offset, ret, err);
}

static int print_list(const struct report *r, struct view *v, struct str *out, struct err *err)
{
	auto_free uint8_t *chosen = functions_matching(v, r->pattern, err);
	struct disassembly d = {v->p, &r->view.names};
	struct listing_options o = {r->source_path, r->as_code ? get_code : NULL, &d};
	struct line_weights lines;
	auto_free uint32_t *order = NULL;
	size_t n, shown = 0;

	if (!chosen)
		return err->code;
	view_count(v);
	line_weights_find(&lines, v, chosen);
	order = view_sorted(v, SORT_TOTAL, &n);
	for (size_t i = 0; i < n && (!r->view.rows || shown < r->view.rows); i++) {
		if (!chosen[order[i]])
			continue;
		if (shown++)
			str_putc(out, '\n');
		listing_text(v, order[i], &lines, &o, out);
	}
	line_weights_release(&lines);
	return shown ? 0 : nothing_matches(r, err);
}

static void report_print_table(const struct report *r, struct view *v, struct str *out)
{
	struct table_options o = {.sort = r->sort,
				  .most = r->view.rows,
				  .colour = colour_wanted(1),
				  .width = terminal_width(1)};
	if (o.width && !r->csv && !r->json)
		add_header(v->p, v, out);
	if (r->mode == MODE_TREE || r->mode == MODE_CALLERS)
		tree_text(v, r->mode == MODE_CALLERS, &o, out);
	else if (r->json)
		table_json(v, &o, out);
	else if (r->csv)
		table_csv(v, &o, out);
	else
		table_text(v, &o, out);
}

static int report_print(const struct report *r, const struct profile *p, struct str *out,
			struct err *err)
{
	struct view v;
	int code = view_open(&v, p, &r->view.view, err);

	if (!code && !v.total && (r->view.view.focus || r->view.view.ignore))
		log_warn("no stack is left by %s", r->view.view.focus ? "--focus" : "--ignore");
	if (!code && r->mode == MODE_PEEK)
		code = print_peek(r, &v, out, err);
	else if (!code && r->mode == MODE_LIST)
		code = print_list(r, &v, out, err);
	else if (!code && r->mode == MODE_HEATMAP)
		code = heatmap_text(&v, r->json, out, err);
	else if (!code)
		report_print_table(r, &v, out);
	view_release(&v);
	return code;
}

static int report_check(struct report *r, int argc, char **argv, struct err *err)
{
	bool is_table = r->mode == MODE_DEFAULT || r->mode == MODE_TOP;

	if (argc > 1)
		return err_usage(err, "one file at a time; '%.60s' is too many", argv[1]);
	if (r->csv && (r->json || !is_table))
		return err_usage(err, "--csv is of the table of functions alone");
	if (r->json && (r->mode == MODE_TREE || r->mode == MODE_CALLERS || r->mode == MODE_LIST))
		return err_usage(err, "--json is of the table, --peek, --heatmap or --missing");
	if (r->sort_given && !is_table)
		return err_usage(err, "--sort is of the table of functions");
	if (r->as_code && r->mode != MODE_LIST)
		return err_usage(err, "--asm goes with --list");
	return 0;
}

/* On a terminal, and with nothing said about the form, the screens of `top`. */
static bool wants_screen(const struct report *r)
{
	struct err err = {0};

	return r->mode == MODE_DEFAULT && !r->json && !r->csv && !r->view.rows_given &&
	       !r->sort_given && !r->view.by_given && !curses_check(&err);
}

static int report_show(const struct report *r, struct profile *p, const char *path, struct err *err)
{
	struct feed *feed = saved_feed(p, path, &r->view.names);
	const struct show_options o = {.signal_fd = interrupt_init(),
				       .source_path = r->source_path,
				       .view = &r->view.view};
	int code = show_feed(feed, &o, err);

	feed->free(feed);
	return code;
}

static int report_run(void *ctx, int argc, char **argv, struct err *err)
{
	struct report *r = ctx;
	struct str out auto_release(str_release) = {0};
	struct profile p;
	int code;

	if (report_check(r, argc, argv, err))
		return EXIT_USAGE;
	if (!r->view.rows_given)
		r->view.rows = r->json || r->csv ? 0 : DEFAULT_ROWS;
	profile_init(&p);
	code = profile_load(argc ? argv[0] : "cprof.pb.gz", &r->view.names, &p, err);
	if (!code)
		code = view_args_range(&r->view, &p, err);
	if (!code && r->mode == MODE_MISSING)
		report_missing(&p, r->view.rows, r->json, &out);
	else if (!code && wants_screen(r))
		code = report_show(r, &p, argc ? argv[0] : "cprof.pb.gz", err);
	else if (!code)
		code = report_print(r, &p, &out, err);
	if (!code)
		code = standard_out(&out, err);
	if (!code)
		profile_say_read(&p.account);
	profile_release(&p);
	return code ? EXIT_FAILED : EXIT_DONE;
}

const struct command command_report = {
	.name = "report",
	.summary = "look at a saved profile",
	.operands = "[FILE]",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.ctx_bytes = sizeof(struct report),
	.run = report_run,
};
