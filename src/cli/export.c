/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cprof export: turn a profile into another format. */
#include "base/log.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/save.h"
#include "cli/view_options.h"

#include <string.h>

struct export
{
	struct view_args view; /* first: the context of VIEW_OPTIONS */
	const char *path, *format;
	bool no_annotations, inverted;
};

static int export_set_output(void *ctx, const char *arg, struct err *err)
{
	((struct export *)ctx)->path = arg;
	return *arg ? 0 : err_usage(err, "-o needs the name of a file");
}

static int export_set_format(void *ctx, const char *arg, struct err *err)
{
	((struct export *)ctx)->format = arg;
	return format_find(arg, err) ? 0 : err->code;
}

static int export_set_no_annotations(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct export *)ctx)->no_annotations = true;
	return 0;
}

static int export_set_inverted(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct export *)ctx)->inverted = true;
	return 0;
}

static const struct option_row options[] = {
	VIEW_OPTIONS,
	NAME_OPTIONS,
	{'o', "output", "FILE", "where to write; - is standard output", COMPLETE_FILE, NULL,
	 export_set_output},
	FORMAT_OPTION(export_set_format),
	{0, "inverted", NULL, "an .svg flame graph from the leaves up", 0, NULL,
	 export_set_inverted},
	{0, "no-annotations", NULL, "folded output without _[k], _[i], _[j]", 0, NULL,
	 export_set_no_annotations},
};

static void export_say_done(const struct save *save, const struct account *a)
{
	struct str text auto_release(str_release) = {0};
	json_t *fields;

	save_describe(save, &text);
	if (!log_is_json()) {
		if (!save->output.is_stdout)
			log_info("%s", text.text);
		return;
	}
	fields = account_read_json(a);
	json_object_set_new(fields, "output", json_text(save->output.path));
	json_object_set_new(fields, "output_bytes", json_integer((json_int_t)save->bytes));
	log_summary(text.text, fields);
}

static int export_run(void *ctx, int argc, char **argv, struct err *err)
{
	struct export *e = ctx;
	struct save save = {.output.fd = -1};
	const char *from = argc ? argv[0] : "cprof.pb.gz";
	struct profile p;
	int code = -1;

	if (argc > 1) {
		err_usage(err, "one file at a time; '%.60s' is too many", argv[1]);
		return EXIT_USAGE;
	}
	if (!e->path) {
		err_usage(err, "no output given");
		err_cure(
			err,
			"-o FILE, with an ending such as .folded or .svg; -o - is standard output");
		return EXIT_USAGE;
	}
	interrupt_init();
	profile_init(&p);
	if (!profile_load(from, &e->view.names, &p, err) && !view_args_range(&e->view, &p, err) &&
	    !save_open(&save, e->path, e->format, err) &&
	    !check_inverted(e->inverted, &save, err)) {
		save.options.view = e->view.view;
		if (!e->view.by_given)
			save.options.view.by = BY_PROCESS;
		save.options.no_annotations = e->no_annotations;
		save.options.inverted = e->inverted;
		save.options.title = strrchr(from, '/') ? strrchr(from, '/') + 1 : from;
		code = save_write(&save, &p, err);
	}
	if (!code)
		export_say_done(&save, &p.account);
	save_release(&save);
	profile_release(&p);
	return code ? EXIT_FAILED : EXIT_DONE;
}

const struct command command_export = {
	.name = "export",
	.summary = "turn a profile into another format",
	.operands = "[FILE] -o OUT",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.ctx_bytes = sizeof(struct export),
	.run = export_run,
};
