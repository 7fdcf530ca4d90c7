/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cprof report: tables of a saved profile. */
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "analysis/missing.h"
#include "cli/command.h"
#include "cli/view_options.h"
#include "format/format.h"
#include "format/table.h"
#include "maps/packages.h"

#include <string.h>
#include <sys/ioctl.h>

enum { DEFAULT_ROWS = 50 };

struct report {
	struct view_args view; /* first: the context of VIEW_OPTIONS */
	bool tree, json, rows_given, missing;
	uint64_t rows;
	enum sort_key sort;
};

static int set_top(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct report *)ctx)->tree = false;
	return 0;
}

static int set_tree(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct report *)ctx)->tree = true;
	return 0;
}

static int set_missing(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct report *)ctx)->missing = true;
	return 0;
}

static int set_json(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct report *)ctx)->json = true;
	return 0;
}

static int set_rows(void *ctx, const char *arg, struct err *err)
{
	struct report *r = ctx;

	r->rows_given = true;
	if (parse_u64(arg, 1 << 30, &r->rows))
		return 0;
	return err_usage(err, "-n %.40s: not a number of rows", arg);
}

static int set_sort(void *ctx, const char *arg, struct err *err)
{
	struct report *r = ctx;

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
	{0, "top", NULL, "a table of functions (the default)", 0, NULL, set_top},
	{0, "tree", NULL, "the call tree, from the root down", 0, NULL, set_tree},
	{0, "missing", NULL, "modules with functions that have no name, and what would name them",
	 0, NULL, set_missing},
	{'n', "rows", "N", "show that many rows (50); 0 is all", 0, NULL, set_rows},
	{0, "sort", "KEY", "by self or total", COMPLETE_CHOICES, "self|total", set_sort},
	{0, "json", NULL, "the table as JSON", 0, NULL, set_json},
};

static void add_header(const struct profile *p, const struct view *v, struct str *out)
{
	str_printf(out, "%s (%s)", v->type, v->unit);
	/* The first comment is the account, for a profile that cprof took. */
	if (p->n_comments)
		str_printf(out, "; %s", profile_text(p, p->comments[0]));
	str_putc(out, '\n');
}

static int print(const struct report *r, const struct profile *p, struct err *err)
{
	struct table_options o = {.sort = r->sort, .most = r->rows, .colour = colour_wanted(1)};
	struct str out auto_release(str_release) = {0};
	struct winsize size;
	struct view v;
	int code = view_open(&v, p, &r->view.view, err);

	if (!code && !v.total && (r->view.view.focus || r->view.view.ignore))
		log_warn("no stack is left by %s", r->view.view.focus ? "--focus" : "--ignore");
	if (isatty(1) && ioctl(1, TIOCGWINSZ, &size) == 0)
		o.width = size.ws_col;
	if (!code && !r->tree)
		view_count(&v);
	if (!code && r->json) {
		table_json(&v, &o, &out);
	} else if (!code) {
		if (o.width)
			add_header(p, &v, &out);
		r->tree ? tree_text(&v, false, &o, &out) : table_text(&v, &o, &out);
	}
	if (!code)
		code = fd_write(1, out.text, out.len);
	if (code && !err->what[0])
		err_set(err, code, "cannot write");
	view_release(&v);
	return code;
}

/* Is the file that was sampled still at its path? */
static bool is_here(const char *path, const char *hex)
{
	struct build_id id;
	struct elf_file *f = elf_file_open_path(-1, path, build_id_parse(hex, &id) ? &id : NULL);

	elf_file_free(f);
	return f;
}

/* What would name the functions of a module, in words. */
static char *cure_of(const struct profile *p, const struct missing *m)
{
	const char *path =
		m->mapping == NO_ID ? "" : profile_text(p, p->mappings[m->mapping].filename);
	const char *id =
		m->mapping == NO_ID ? "" : profile_text(p, p->mappings[m->mapping].build_id);
	auto_free char *package = path[0] == '/' ? package_of(path) : NULL;

	if (str_starts(path, "[kernel"))
		return mem_strdup("kernel code is named while it is recorded; as root: "
				  "sysctl kernel.kptr_restrict=0");
	if (str_starts(path, "[anon") || str_equal(path, "[jit]"))
		return mem_strdup("a perf map: node --perf-basic-prof, record --java-perfmap, "
				  "python3 -X perf");
	if (path[0] != '/')
		return mem_strdup("");
	if (!is_here(path, id))
		return mem_strdup(*id ? "the file with this build id is not here (any more)"
				  : access(path, F_OK) ? "the file is not here (any more)"
						       : "this is no ELF file");
	return package ? package_cure(package) : mem_strdup("build it with -g, or do not strip it");
}

static void missing_json(const struct profile *p, const struct missing *all, size_t n,
			 uint64_t frames, struct str *out)
{
	json_t *list = json_array(), *object = json_object();

	for (size_t i = 0; i < n; i++) {
		const struct mapping *m =
			all[i].mapping == NO_ID ? NULL : &p->mappings[all[i].mapping];
		auto_free char *cure = cure_of(p, &all[i]);
		json_t *row = json_object();

		json_object_set_new(row, "module",
				    json_text(m ? profile_text(p, m->filename) : ""));
		json_object_set_new(row, "build_id",
				    json_text(m ? profile_text(p, m->build_id) : ""));
		json_object_set_new(row, "unnamed", json_integer((json_int_t)all[i].unnamed));
		json_object_set_new(row, "frames", json_integer((json_int_t)all[i].frames));
		json_object_set_new(row, "cure", json_text(cure));
		json_array_append_new(list, row);
	}
	json_object_set_new(object, "version", json_integer(1));
	json_object_set_new(object, "frames", json_integer((json_int_t)frames));
	json_object_set_new(object, "missing", list);
	json_print(object, out);
}

static void missing_text(const struct report *r, const struct profile *p, const struct missing *all,
			 size_t n, uint64_t frames, struct str *out)
{
	uint64_t unnamed = 0;

	for (size_t i = 0; i < n; i++)
		unnamed += all[i].unnamed;
	str_printf(out, "%.2f %% of frames have no name\n",
		   frames ? 100.0 * (double)unnamed / (double)frames : 0.0);
	for (size_t i = 0; i < n && (!r->rows || i < r->rows); i++) {
		const struct mapping *m =
			all[i].mapping == NO_ID ? NULL : &p->mappings[all[i].mapping];
		auto_free char *cure = cure_of(p, &all[i]);
		const char *id = m ? profile_text(p, m->build_id) : "";

		str_printf(out, "%6.2f %%  %s%s%s%s%s\n",
			   100.0 * (double)all[i].unnamed / (double)frames,
			   m ? profile_text(p, m->filename) : "[no module]",
			   *id ? "  build id " : "", id, *cure ? "\n          " : "", cure);
	}
}

static int print_missing(const struct report *r, const struct profile *p, struct err *err)
{
	struct str out auto_release(str_release) = {0};
	uint64_t frames;
	size_t n;
	auto_free struct missing *all = missing_names(p, &n, &frames);
	int code;

	r->json ? missing_json(p, all, n, frames, &out) : missing_text(r, p, all, n, frames, &out);
	code = fd_write(1, out.text, out.len);
	return code ? err_set(err, code, "cannot write") : 0;
}

static int run(void *ctx, int argc, char **argv, struct err *err)
{
	struct report *r = ctx;
	struct profile p;
	int code;

	if (argc > 1) {
		err_usage(err, "one file at a time; '%.60s' is too many", argv[1]);
		return EXIT_USAGE;
	}
	if (!r->rows_given)
		r->rows = r->json ? 0 : DEFAULT_ROWS;
	profile_init(&p);
	code = profile_load(argc ? argv[0] : "cprof.pb.gz", &r->view.names, &p, err);
	if (!code)
		code = r->missing ? print_missing(r, &p, err) : print(r, &p, err);
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
	.run = run,
};
