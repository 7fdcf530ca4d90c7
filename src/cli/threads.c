/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cprof threads: what every thread is doing right now. */
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/name_options.h"
#include "cli/standard_out.h"
#include "format/threads.h"
#include "live/threads.h"

#include <errno.h>

struct threads_command {
	struct symbolize_options names; /* first: the context of NAME_OPTIONS */
	struct threads_options show;
	bool json, all;
};

static int threads_set_json(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct threads_command *)ctx)->json = true;
	return 0;
}

static int set_all(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct threads_command *)ctx)->all = true;
	return 0;
}

static int threads_set_no_annotations(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct threads_command *)ctx)->show.no_annotations = true;
	return 0;
}

static const struct option_row options[] = {
	{'a', "all", NULL,
	 "every thread by itself, not grouped by stack; without PID, the threads of all processes",
	 0, NULL, set_all},
	{0, "json", NULL, "as JSON", 0, NULL, threads_set_json},
	{0, "no-annotations", NULL, "without _[k], _[i], _[j]", 0, NULL,
	 threads_set_no_annotations},
	NAME_OPTIONS,
};

static int parse_operands(struct threads_command *c, int argc, char **argv, pid_t *ret,
			  struct err *err)
{
	uint64_t pid = 0;

	if (argc > 1) {
		err_usage(err, "one process at a time, not %d", argc);
		return err_cure(err, "--all without PID shows those of all processes");
	}
	if (!argc && !c->all) {
		err_usage(err, "the number of a process is missing");
		return err_cure(err,
				"as in 'cprof threads 123'; --all shows those of all processes");
	}
	if (argc && (!parse_u64(argv[0], INT32_MAX, &pid) || !pid)) {
		err_usage(err, "'%.40s' is no number of a process", argv[0]);
		return err_cure(err, "'pgrep NAME' finds it");
	}
	c->show.each = argc && c->all;
	*ret = (pid_t)pid;
	return 0;
}

static void threads_say_summary(const struct profile *p)
{
	const struct account *a = &p->account;
	struct str text auto_release(str_release) = {0};
	json_t *fields = account_json(a);
	size_t stacks = threads_groups(p);
	char count[32], took[32];

	str_printf(&text, "%s thread%s, %zu stack%s; %.2f %% of user stacks complete",
		   format_count(count, a->samples), a->samples == 1 ? "" : "s", stacks,
		   stacks == 1 ? "" : "s",
		   a->user_stacks ? 100.0 * (double)a->user_stacks_complete / (double)a->user_stacks
				  : 100.0);
	for (size_t i = 0; i < a->cut_by_reason.n && i < 3; i++)
		str_printf(&text, "%s%s", i ? ", " : " (cut: ", a->cut_by_reason.rows[i].text);
	str_printf(&text, "%s; taken in %s, nothing was stopped", a->cut_by_reason.n ? ")" : "",
		   format_ns(took, (double)p->duration_ns));
	json_object_set_new(fields, "threads", json_integer((json_int_t)a->samples));
	json_object_set_new(fields, "took_s", json_real((double)p->duration_ns / 1e9));
	log_summary(text.text, fields);
}

static int threads_run(void *ctx, int argc, char **argv, struct err *err)
{
	struct threads_command *c = ctx;
	struct str out auto_release(str_release) = {0};
	struct profile p;
	pid_t pid = 0;
	int code;

	if (parse_operands(c, argc, argv, &pid, err))
		return EXIT_FAILED;
	c->show.colour = colour_wanted(STDOUT_FILENO);
	profile_init(&p);
	code = threads_take_alone(&c->names, pid, &p, err);
	if (!code) {
		c->json ? threads_json(&p, &c->show, &out) : threads_text(&p, &c->show, &out);
		code = standard_out(&out, err);
		if (!code)
			threads_say_summary(&p);
	}
	profile_release(&p);
	return code ? EXIT_FAILED : EXIT_DONE;
}

const struct command command_threads = {
	.name = "threads",
	.summary = "what every thread is doing right now, without stopping it",
	.operands = "PID",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.samples = true,
	.ctx_bytes = sizeof(struct threads_command),
	.run = threads_run,
};
