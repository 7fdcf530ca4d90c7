/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cprof doctor: what works on this machine, what does not, why, and the command that fixes it. */
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/standard_out.h"
#include "collect/features.h"
#include "maps/packages.h"
#include "proc/procfs.h"
#include "symbolize/modules.h"

#include <errno.h>
#include <string.h>

enum { MOST_MODULES = 8 };

struct doctor {
	bool json;
	struct modules modules;
	struct str out;
	json_t *object, *needs;
	bool colour;
};

static int doctor_set_json(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct doctor *)ctx)->json = true;
	return 0;
}

static const struct option_row options[] = {
	{0, "json", NULL, "as JSON", 0, NULL, doctor_set_json},
};

/* -- the machine -- */

/* One thing that is there or not, and what it costs to be without. */
struct need {
	const char *id, *name, *without;
	bool there, is_needed;
	const char *found, *cure; /* "": nothing */
};

static void need_json(const struct need *n, json_t *list)
{
	json_t *row = json_object();

	json_object_set_new(row, "id", json_string(n->id));
	json_object_set_new(row, "name", json_string(n->name));
	json_object_set_new(row, "weight", json_string(n->is_needed ? "needed" : "useful"));
	json_object_set_new(row, "found", json_boolean(n->there));
	json_object_set_new(row, "detail", json_text(n->found));
	json_object_set_new(row, "without", n->there ? json_null() : json_string(n->without));
	json_object_set_new(row, "cure", n->there || !*n->cure ? json_null() : json_text(n->cure));
	json_array_append_new(list, row);
}

static void need_text(struct doctor *d, const struct need *n)
{
	const char *word = n->there ? "found  " : "missing";
	const char *without = n->is_needed ? "31" : "33";

	if (d->colour)
		str_printf(&d->out, "\033[%sm%s\033[m  ", n->there ? "32" : without, word);
	else
		str_printf(&d->out, "%s  ", word);
	str_printf(&d->out, "%-35s ", n->name);
	str_plain(&d->out, n->found);
	str_putc(&d->out, '\n');
	if (n->there)
		return;
	str_printf(&d->out, "           without it: %s\n", n->without);
	if (*n->cure)
		str_printf(&d->out, "           to fix it: %s\n", n->cure);
}

static void put_need(struct doctor *d, const struct need *n)
{
	need_json(n, d->needs);
	need_text(d, n);
}

static void look_at_machine(struct doctor *d)
{
	const struct feature *f;
	bool ok = true;

	for (size_t i = 0; (f = feature_at(i)); i++) {
		struct str found auto_release(str_release) = {0};
		struct str cure auto_release(str_release) = {0};
		struct need n = {.id = f->id,
				 .name = f->name,
				 .without = f->without,
				 .is_needed = f->weight == FEATURE_NEEDED};

		n.there = f->find(&found, &cure);
		n.found = found.text ? found.text : "";
		n.cure = cure.text ? cure.text : "";
		ok &= n.there || !n.is_needed;
		put_need(d, &n);
	}
	json_object_set_new(d->object, "ok", json_boolean(ok));
}

/* -- what runs -- */

static bool is_file(const struct module *m)
{
	return m->kind == IMAGE_FILE && m->path[0] == '/';
}

/* What would bring a module's symbols and lines (heap); NULL: it has them, or nobody knows. */
static char *doctor_cure_of(const struct module *m)
{
	if (!m->readable || m->dwarf)
		return NULL;
	return m->package ? package_cure(m->package)
			  : mem_strdup("build it with -g, or do not strip it");
}

static json_t *module_json(const struct module *m)
{
	auto_free char *cure = is_file(m) ? doctor_cure_of(m) : NULL;
	json_t *row = json_object();

	json_object_set_new(row, "path", json_text(m->path));
	json_object_set_new(row, "build_id", json_text(m->build_id));
	json_object_set_new(row, "processes", json_integer((json_int_t)m->processes));
	json_object_set_new(row, "readable", json_boolean(m->readable));
	json_object_set_new(row, "unwind_tables", json_boolean(m->unwind));
	json_object_set_new(row, "symbols", json_string(module_symbols_word(m->symbols)));
	json_object_set_new(row, "dwarf", json_boolean(m->dwarf));
	json_object_set_new(row, "debug_file",
			    m->debug_file ? json_text(m->debug_file) : json_null());
	json_object_set_new(row, "package", m->package ? json_text(m->package) : json_null());
	json_object_set_new(row, "cure", cure ? json_text(cure) : json_null());
	return row;
}

static void put_module(struct doctor *d, const struct module *m)
{
	auto_free char *cure = is_file(m) ? doctor_cure_of(m) : NULL;

	if (m->kind == IMAGE_ANONYMOUS)
		str_printf(&d->out, "%-8s %-9s %-5s ", "by frame", "-", "-");
	else if (!m->readable)
		str_printf(&d->out, "%-8s %-9s %-5s ", "?", "?", "?");
	else
		str_printf(&d->out, "%-8s %-9s %-5s ", m->unwind ? "yes" : "no",
			   module_symbols_word(m->symbols), m->dwarf ? "yes" : "no");
	str_plain(&d->out, m->path);
	if (m->debug_file)
		str_printf(&d->out, "  (%s)", m->debug_file);
	str_putc(&d->out, '\n');
	if (cure)
		str_printf(&d->out, "%25s%s\n", "", cure);
}

/* Are the names there of what runs? */
static void look_at_names(struct doctor *d, size_t files, size_t symbols)
{
	const struct modules *m = &d->modules;
	auto_free char *named = mem_printf("%zu of the %zu files that run", symbols, files);
	auto_free char *maps = m->generating ? mem_printf("%zu of %zu processes that generate code",
							  m->naming, m->generating)
					     : mem_strdup("no process generates code");
	const struct need needs[] = {
		{.id = "symbols",
		 .name = "all symbols of what runs",
		 .without = "functions that are not exported are offsets",
		 .there = symbols == files,
		 .found = named,
		 .cure = "the packages below; of a process: cprof doctor PID"},
		{.id = "perf_maps",
		 .name = "names of generated code",
		 .without =
			 "functions of Node, Java and Python are addresses, or the interpreter's",
		 .there = m->naming == m->generating,
		 .found = maps,
		 .cure = "node --perf-basic-prof; cprof record --java-perfmap; python3 -X perf"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		put_need(d, &needs[i]);
}

static void look_at_running(struct doctor *d)
{
	struct modules *m = &d->modules;
	size_t files = 0, unwind = 0, symbols = 0, dwarf = 0, listed = 0;
	json_t *list = json_array(), *sums = json_object();

	modules_find(0, m);
	for (size_t i = 0; i < m->n; i++) {
		if (!is_file(&m->all[i]) || !m->all[i].readable)
			continue;
		files++;
		unwind += m->all[i].unwind;
		symbols += m->all[i].symbols >= SYMBOLS_MINI;
		dwarf += m->all[i].dwarf;
	}
	look_at_names(d, files, symbols);
	str_printf(&d->out,
		   "\n%zu processes run code of %zu files: %zu have unwind tables, %zu all "
		   "symbols, %zu lines (DWARF)\n",
		   m->processes, files, unwind, symbols, dwarf);
	if (m->unreadable)
		str_printf(&d->out, "the mappings of %zu process%s cannot be read\n", m->unreadable,
			   m->unreadable == 1 ? "" : "es");
	for (size_t i = 0; i < m->n; i++) {
		auto_free char *cure = is_file(&m->all[i]) && m->all[i].symbols < SYMBOLS_MINI
					       ? doctor_cure_of(&m->all[i])
					       : NULL;

		if (!cure)
			continue;
		json_array_append_new(list, module_json(&m->all[i]));
		if (listed == MOST_MODULES)
			continue;
		if (!listed++)
			str_puts(&d->out, "without symbols, those most used first:\n");
		str_puts(&d->out, "  ");
		str_plain(&d->out, m->all[i].path);
		str_printf(&d->out, ": %s\n", cure);
	}
	json_object_set_new(sums, "processes", json_integer((json_int_t)m->processes));
	json_object_set_new(sums, "files", json_integer((json_int_t)files));
	json_object_set_new(sums, "with_unwind_tables", json_integer((json_int_t)unwind));
	json_object_set_new(sums, "with_symbols", json_integer((json_int_t)symbols));
	json_object_set_new(sums, "with_dwarf", json_integer((json_int_t)dwarf));
	json_object_set_new(sums, "generating", json_integer((json_int_t)m->generating));
	json_object_set_new(sums, "naming", json_integer((json_int_t)m->naming));
	json_object_set_new(sums, "without_symbols", list);
	json_object_set_new(d->object, "running", sums);
}

/* -- one process -- */

static int look_at_process(struct doctor *d, pid_t pid, struct err *err)
{
	struct modules *m = &d->modules;
	json_t *list = json_array();
	int code = modules_find(pid, m);

	json_object_set_new(d->object, "pid", json_integer(pid));
	json_object_set_new(d->object, "modules", list);
	if (code == -EACCES || code == -EPERM) {
		err_set(err, code, "the mappings of process %d cannot be read", pid);
		return err_cure(err, "it is not yours: run cprof as root");
	}
	if (code || !m->n) {
		err_set(err, 0,
			process_exists(pid) ? "process %d has no code of its own"
					    : "no process with pid %d",
			pid);
		return err_cure(err, "'ps -e' lists those that run");
	}
	str_puts(&d->out, "UNWIND   SYMBOLS   DWARF MODULE\n");
	for (size_t i = 0; i < m->n; i++) {
		put_module(d, &m->all[i]);
		json_array_append_new(list, module_json(&m->all[i]));
	}
	if (m->generating && !m->naming)
		str_puts(&d->out,
			 "\nIt generates code and does not tell its names: node "
			 "--perf-basic-prof, cprof record --java-perfmap, python3 -X perf\n");
	json_object_set_new(d->object, "generates_code", json_boolean(m->generating));
	json_object_set_new(d->object, "names_generated_code", json_boolean(m->naming));
	return 0;
}

static int doctor_run(void *ctx, int argc, char **argv, struct err *err)
{
	struct doctor *d = ctx;
	uint64_t pid = 0;
	struct str json auto_release(str_release) = {0};
	struct str *out;
	int code = 0;

	if (argc > 1 || (argc && (!parse_u64(argv[0], INT32_MAX, &pid) || !pid))) {
		err_usage(err, "'%.40s' is no number of a process", argv[argc > 1]);
		err_cure(err, "'pgrep NAME' finds it");
		return EXIT_FAILED;
	}
	d->colour = colour_wanted(STDOUT_FILENO) && !d->json;
	d->object = json_object();
	json_object_set_new(d->object, "version", json_integer(1));
	if (pid) {
		code = look_at_process(d, (pid_t)pid, err);
	} else {
		d->needs = json_array();
		json_object_set_new(d->object, "features", d->needs);
		look_at_machine(d);
		look_at_running(d);
	}
	if (code) {
		json_decref(d->object);
		return EXIT_FAILED;
	}
	json_print(d->object, &json);
	out = d->json ? &json : &d->out;
	return standard_out(out, err) ? EXIT_FAILED : EXIT_DONE;
}

static void release(void *ctx)
{
	struct doctor *d = ctx;

	modules_release(&d->modules);
	str_release(&d->out);
}

const struct command command_doctor = {
	.name = "doctor",
	.summary = "what works on this machine, what does not, and the command that fixes it",
	.operands = "[PID]",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.samples = true,
	.ctx_bytes = sizeof(struct doctor),
	.release = release,
	.run = doctor_run,
};
