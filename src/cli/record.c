/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cprof record: sample and save. */
#include "analysis/cures.h"
#include "analysis/tree.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/save.h"
#include "cli/target_options.h"
#include "live/live.h"
#include "proc/procfs.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

enum { DEFAULT_BLOCK_MS = 20 };

struct record {
	struct target_options target; /* first: the context of TARGET_OPTIONS */
	double duration_s;
	const char *path, *format;
	enum group_by by;
	bool no_annotations, inverted, exit_status, by_given;
};

static int set_duration(void *ctx, const char *arg, struct err *err)
{
	if (!parse_seconds(arg, &((struct record *)ctx)->duration_s)) {
		err_usage(err, "-d %.40s: not a number of seconds", arg);
		return err_cure(err, "seconds above 0, as in 10 or 0.5");
	}
	return 0;
}

static int record_set_output(void *ctx, const char *arg, struct err *err)
{
	((struct record *)ctx)->path = arg;
	return *arg ? 0 : err_usage(err, "-o needs the name of a file");
}

static int record_set_format(void *ctx, const char *arg, struct err *err)
{
	((struct record *)ctx)->format = arg;
	return format_find(arg, err) ? 0 : err->code;
}

static int set_by(void *ctx, const char *arg, struct err *err)
{
	struct record *r = ctx;

	r->by_given = true;
	if (group_by_parse(arg, &r->by))
		return 0;
	return err_usage(err, "--by %.40s: process, thread, pid, tid, cpu, cgroup or none", arg);
}

static int set_timeline(void *ctx, const char *arg, struct err *err)
{
	struct record *r = ctx;
	uint64_t ms = DEFAULT_BLOCK_MS;

	if (arg && (!parse_u64(arg, 3600000, &ms) || !ms)) {
		err_usage(err, "--timeline=%.40s: not a number of milliseconds", arg);
		return err_cure(err, "from 1 to 3600000; 20 is the default");
	}
	r->target.recording.block_ns = ms * 1000000;
	return 0;
}

static int record_set_no_annotations(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct record *)ctx)->no_annotations = true;
	return 0;
}

static int record_set_inverted(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct record *)ctx)->inverted = true;
	return 0;
}

static int record_set_java_perfmap(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct record *)ctx)->target.names.java_perfmap = true;
	return 0;
}

static int set_no_names(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct record *)ctx)->target.names.no_names = true;
	return 0;
}

static int set_exit_status(void *ctx, const char *arg, struct err *err)
{
	(void)arg, (void)err;
	((struct record *)ctx)->exit_status = true;
	return 0;
}

static const struct option_row options[] = {
	TARGET_OPTIONS,
	NAME_OPTIONS,
	DEBUGINFOD_OPTION,
	{0, "java-perfmap", NULL, "ask Java machines for their perf maps (attach socket)", 0, NULL,
	 record_set_java_perfmap},
	{0, "no-names", NULL, "save addresses only: report and export name them", 0, NULL,
	 set_no_names},
	{'d', "duration", "SECS", "stop after that many seconds", 0, NULL, set_duration},
	{'o', "output", "FILE", "where to write (cprof.pb.gz); - is standard output", COMPLETE_FILE,
	 NULL, record_set_output},
	FORMAT_OPTION(record_set_format),
	{0, "timeline", "[=MS]", "keep when samples fell, in blocks of MS milliseconds (20)", 0,
	 NULL, set_timeline},
	{0, "by", "WHAT", "what stands at the root of folded and flame output (process)",
	 COMPLETE_CHOICES, "process|thread|pid|tid|cpu|cgroup|none", set_by},
	{0, "inverted", NULL, "an .svg flame graph from the leaves up", 0, NULL,
	 record_set_inverted},
	{0, "no-annotations", NULL, "folded output without _[k], _[i], _[j]", 0, NULL,
	 record_set_no_annotations},
	{0, "exit-status", NULL, "exit with the status of the command", 0, NULL, set_exit_status},
};

/* Polls until told to stop, the time is over, or the targets are gone. */
static int run_until_done(const struct record *r, struct live *live, int signal_fd, struct err *err)
{
	uint64_t end = monotonic_ns() + (uint64_t)(r->duration_s * 1e9);
	struct pollfd fds[] = {{live_wait_fd(live), POLLIN, 0}, {signal_fd, POLLIN, 0}};

	while (!interrupt_asked()) {
		uint64_t now = monotonic_ns();
		int wait_ms = RECORDING_POLL_MS, code;

		if (r->duration_s > 0 && now >= end)
			return 0;
		if (r->duration_s > 0)
			wait_ms = (int)MIN((end - now) / 1000000 + 1, (uint64_t)wait_ms);
		if (poll(fds, ARRAY_SIZE(fds), wait_ms) < 0 && errno != EINTR)
			return err_set(err, -errno, "cannot wait for samples");
		code = live_poll(live, err);
		if (code < 0)
			return code;
		if (code > 0) {
			if (!r->target.recording.command)
				log_info("all that was to be sampled has ended");
			return 0;
		}
	}
	return 0;
}

/* What the file says about itself in words. */
static void record_add_comments(struct profile *p)
{
	struct str text auto_release(str_release) = {0};
	struct utsname host;

	profile_add_account(p);
	if (uname(&host) == 0) {
		str_printf(&text, "host %s, Linux %s %s, cprof %s", host.nodename, host.release,
			   host.machine, CPROF_VERSION);
		profile_add_comment(p, text.text);
	}
}

/* The modules that cut the most stacks, when that is worth a line. */
static void say_cuts(const struct profile *p, const struct account *a)
{
	struct str text auto_release(str_release) = {0};
	uint64_t cut = a->user_stacks - a->user_stacks_complete;
	const struct account_reason *why = a->cut_by_reason.rows;
	size_t n = MIN(a->cut_by_reason.n, (size_t)3);

	if (cut * 1000 <= a->user_stacks || !a->cut_by_module.n || log_is_json())
		return;
	str_printf(&text, "cut stacks, %.1f %%, by module: ",
		   100.0 * (double)cut / (double)a->user_stacks);
	for (size_t i = 0; i < a->cut_by_module.n && i < 4; i++)
		str_printf(&text, "%s%s %.0f %%", i ? ", " : "", a->cut_by_module.rows[i].text,
			   100.0 * (double)a->cut_by_module.rows[i].count / (double)cut);
	str_puts(&text, "; the reasons: ");
	for (size_t i = 0; i < n; i++) {
		const char *next = i + 1 < n ? cure_of_cut(p, why[i + 1].text) : NULL;
		const char *cure = cure_of_cut(p, why[i].text);

		str_puts(&text, why[i].text);
		if (!next || !str_equal(cure, next))
			str_printf(&text, " (cure: %s)", cure);
		str_puts(&text, next ? "; " : "");
	}
	log_info("%s", text.text);
}

/* Nothing was sampled: it may be others that do the work. */
static void say_children(const struct recording_options *o)
{
	for (size_t i = 0; i < o->n_pids; i++) {
		if (!process_has_children(o->pids[i]))
			continue;
		log_info(
			"process %d was not sampled; its children that ran already are no targets: "
			"-p $(pgrep -d, -P %d) is these, -u and -G a user's or a cgroup's "
			"processes",
			o->pids[i], o->pids[i]);
		return;
	}
}

static void record_say_summary(const struct profile *p, const struct save *save)
{
	const struct account *a = &p->account;
	struct str text auto_release(str_release) = {0};
	json_t *fields = account_json(a);

	account_line(a, &text);
	str_puts(&text, "; ");
	save_describe(save, &text);
	json_object_set_new(fields, "output", json_text(save->output.path));
	json_object_set_new(fields, "output_bytes", json_integer((json_int_t)save->bytes));
	say_cuts(p, a);
	log_summary(text.text, fields);
}

static void say_start(const struct record *r, struct live *live)
{
	char event[64];

	recording_event_text(live_recording(live), event, sizeof(event));
	log_info("sampling %s, %s%s", live_feed(live)->title, event,
		 r->duration_s > 0 || r->target.recording.command ? "" : "; Ctrl-C stops");
}

static int record_with(struct record *r, struct live *live, struct save *save, int signal_fd,
		       struct err *err)
{
	struct profile *p = live_feed(live)->profile;
	int status;

	if (live_start(live, err))
		return EXIT_FAILED;
	say_start(r, live);
	if (run_until_done(r, live, signal_fd, err))
		return EXIT_FAILED;
	if (interrupt_asked())
		recording_kill_command(live_recording(live));
	if (live_finish(live, err))
		return EXIT_FAILED;
	record_add_comments(p);
	if (save_write(save, p, err))
		return EXIT_FAILED;
	if (!p->account.samples)
		say_children(&r->target.recording);
	record_say_summary(p, save);
	status = recording_command_status(live_recording(live));
	if (r->exit_status && status)
		return status;
	return p->account.samples ? EXIT_DONE : EXIT_NOTHING;
}

static int record_run(void *ctx, int argc, char **argv, struct err *err)
{
	struct record *r = ctx;
	struct save save = {.output.fd = -1};
	int signal_fd = interrupt_init(), code = EXIT_FAILED;
	struct live *live = NULL;

	if (target_finish(&r->target, argc, argv, err))
		goto out;
	if (!r->by_given)
		r->by = BY_PROCESS;
	r->target.recording.want_cpu = r->by == BY_CPU;
	if (save_open(&save, r->path ? r->path : "cprof.pb.gz", r->format, err) ||
	    check_inverted(r->inverted, &save, err))
		goto out;
	if (r->target.names.no_names && !str_equal(save.format->name, "pprof")) {
		err_usage(err, "--no-names saves addresses, and %s has none", save.format->name);
		err_cure(err, "leave it out, or save a .pb.gz and export that");
		code = EXIT_USAGE;
		goto out;
	}
	save.options.view.by = r->by;
	save.options.no_annotations = r->no_annotations;
	save.options.inverted = r->inverted;
	live = live_new(&r->target.recording, &r->target.names, err);
	if (!live)
		goto out;
	save.options.title = live_feed(live)->title;
	code = record_with(r, live, &save, signal_fd, err);
out:
	if (live)
		live_feed(live)->free(live_feed(live));
	save_release(&save);
	return code;
}

const struct command command_record = {
	.name = "record",
	.summary = "sample and save a profile",
	.operands = "[-- COMMAND [ARGS]]",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.runs_command = true,
	.more_help = target_help,
	.samples = true,
	.ctx_bytes = sizeof(struct record),
	.release = target_release,
	.run = record_run,
};
