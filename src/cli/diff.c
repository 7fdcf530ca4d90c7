/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cprof diff: what changed between two profiles, with its uncertainty. */
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/save.h"
#include "cli/view_options.h"
#include "format/difference.h"

#include <stdlib.h>
#include <string.h>

enum { DEFAULT_ROWS = 50 };

struct difference {
	struct view_args view; /* first: the context of VIEW_OPTIONS */
	const char *path, *format, *normalize;
	bool json, has_limit;
	double limit; /* of growth, in percent */
};

static int diff_set_output(void *ctx, const char *arg, struct err *err)
{
	((struct difference *)ctx)->path = arg;
	return *arg ? 0 : err_usage(err, "-o needs the name of a file");
}

static int check_form(const char *form, struct err *err)
{
	static const char *const known[] = {"svg", "html", "json", "text"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (str_equal(form, known[i]))
			return 0;
	err_usage(err, "a difference is no %.40s", form);
	return err_cure(err, "svg, html, json or text: by --format, or by the file's ending");
}

static int diff_set_format(void *ctx, const char *arg, struct err *err)
{
	((struct difference *)ctx)->format = arg;
	return check_form(arg, err);
}

static int diff_set_json(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct difference *)ctx)->json = true;
	return 0;
}

static int set_normalize(void *ctx, const char *arg, struct err *err)
{
	(void)err;
	((struct difference *)ctx)->normalize = arg;
	return 0;
}

static int set_fail_above(void *ctx, const char *arg, struct err *err)
{
	struct difference *d = ctx;
	char *end;

	d->limit = strtod(arg, &end);
	d->has_limit = true;
	if (end != arg && (!*end || str_equal(end, "%")) && d->limit >= 0 && d->limit < 1e9)
		return 0;
	err_usage(err, "--fail-above %.40s: not a percentage", arg);
	return err_cure(err, "as in 5%%: fail when a function grew by more than a twentieth");
}

static const struct option_row options[] = {
	VIEW_OPTIONS,
	NAME_OPTIONS,
	{0, "normalize", "HOW",
	 "make equal: total (the default), none, or a function's total (a regular expression)", 0,
	 NULL, set_normalize},
	{0, "fail-above", "PERCENT",
	 "exit 4 when a function's self or total grew by more than that, and by more than chance",
	 0, NULL, set_fail_above},
	{'n', "rows", "N", "show that many rows (50); 0 is all", 0, NULL, view_set_rows},
	{0, "json", NULL, "as JSON", 0, NULL, diff_set_json},
	{'o', "output", "FILE", "write there (.svg, .html, .json) in place of the table",
	 COMPLETE_FILE, NULL, diff_set_output},
	{0, "format", "NAME", "svg, html, json or text; else by the file's ending",
	 COMPLETE_CHOICES, "svg|html|json|text", diff_set_format},
};

/* The form that is asked for, by name or by the file's ending. */
static const char *form_of(const struct difference *o)
{
	const struct format *f = o->path ? format_of_path(o->path) : NULL;

	if (o->format)
		return o->format;
	if (f)
		return f->name;
	return o->json ? "json" : "text";
}

static int diff_print_table(const struct difference *o, const struct diff *d, const char *form,
			    int fd, struct err *err)
{
	const struct difference_options table = {
		.most = o->view.rows, .colour = colour_wanted(fd), .width = terminal_width(fd)};
	struct str text auto_release(str_release) = {0};
	int code;

	if (str_equal(form, "json"))
		difference_json(d, &table, &text);
	else
		difference_text(d, &table, &text);
	code = fd_write(fd, text.text, text.len);
	return code ? err_set(err, code, "cannot write the differences") : 0;
}

static int write_file(const struct difference *o, struct diff *d, const char *title,
		      struct err *err)
{
	const char *form = form_of(o);
	struct str text auto_release(str_release) = {0};
	struct save save = {.output.fd = -1};
	int code = check_form(form, err);

	if (!code)
		code = save_open_file(&save, o->path, err);
	if (!code && str_equal(form, "svg"))
		code = difference_svg(d, title, save.output.fd, err);
	else if (!code && str_equal(form, "html"))
		code = difference_html(d, title, save.output.fd, err);
	else if (!code)
		code = diff_print_table(o, d, form, save.output.fd, err);
	if (!code)
		code = save_commit(&save, err);
	if (!code && !save.output.is_stdout) {
		save_describe(&save, &text);
		log_info("%s", text.text);
	}
	save_release(&save);
	return code;
}

static bool grew(const struct diff_side *s, double limit)
{
	return diff_is_significant(s) && (double)s->new > s->base &&
	       100.0 * ((double)s->new - s->base) > limit * s->base;
}

/* Says which functions grew beyond the limit. */
static bool passes_limit(const struct difference *o, const struct diff *d)
{
	size_t n, found = 0;
	auto_free uint32_t *order = diff_sorted(d, &n);

	for (size_t i = 0; i < n && o->has_limit; i++) {
		const struct diff_row *r = &d->rows[order[i]];
		const struct diff_side *s = grew(&r->self, o->limit) ? &r->self : &r->total;

		if (!grew(s, o->limit))
			continue;
		if (found++ < 10)
			log_error("%s grew from %.2f %% to %.2f %% of the whole (%s, p %.2g)",
				  d->v.functions[order[i]].name, 100.0 * s->base / d->base,
				  100.0 * (double)s->new / (double)d->new,
				  s == &r->self ? "self" : "total", s->p);
	}
	return found;
}

static int run_with(struct difference *o, const struct profile *base, const struct profile *new,
		    const char *title, struct err *err)
{
	const char *how = o->normalize;
	struct diff_options options_ = {.raw = how && str_equal(how, "none")};
	struct diff d;
	int code;

	if (how && !options_.raw && !str_equal(how, "total"))
		options_.normalize = how;
	o->view.view.by = BY_NONE;
	code = view_args_range(&o->view, base, err);
	options_.base = o->view.view;
	code = code ? code : view_args_range(&o->view, new, err);
	options_.new = o->view.view;
	if (code)
		return EXIT_FAILED;
	code = diff_open(&d, base, new, &options_, err);
	if (!code && o->has_limit && !d.has_counts) {
		err_set(err, 0, "the profiles do not say how many samples they are of");
		code = err_cure(err, "--fail-above needs them: a first value of unit count");
	}
	if (!code)
		code = o->path ? write_file(o, &d, title, err)
			       : diff_print_table(o, &d, form_of(o), STDOUT_FILENO, err);
	if (code)
		code = EXIT_FAILED;
	else
		code = passes_limit(o, &d) ? EXIT_LIMIT : EXIT_DONE;
	diff_release(&d);
	return code;
}

static int diff_run(void *ctx, int argc, char **argv, struct err *err)
{
	struct difference *o = ctx;
	struct profile base, new;
	auto_free char *title = NULL;
	int code = EXIT_FAILED;

	if (argc != 2) {
		err_usage(err, "%s profiles given", argc < 2 ? "too few" : "too many");
		err_cure(err, "two: cprof diff BASE NEW");
		return EXIT_USAGE;
	}
	if (!o->view.rows_given)
		o->view.rows = o->json || o->path ? 0 : DEFAULT_ROWS;
	if (o->view.by_given) {
		err_usage(err, "a difference is not grouped: --by goes with report and export");
		return EXIT_USAGE;
	}
	interrupt_init();
	profile_init(&base);
	profile_init(&new);
	title = mem_printf("%s to %s", argv[0], argv[1]);
	if (!profile_load(argv[0], &o->view.names, &base, err) &&
	    !profile_load(argv[1], &o->view.names, &new, err))
		code = run_with(o, &base, &new, title, err);
	if (code == EXIT_DONE || code == EXIT_LIMIT) {
		account_sum(&base.account, &new.account);
		profile_say_read(&base.account);
	}
	profile_release(&base);
	profile_release(&new);
	return code;
}

const struct command command_diff = {
	.name = "diff",
	.summary = "what changed between two profiles",
	.operands = "BASE NEW",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.ctx_bytes = sizeof(struct difference),
	.run = diff_run,
};
