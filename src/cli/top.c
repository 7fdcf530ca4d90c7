/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cprof top: what runs now, full screen. */
#include "base/log.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/show.h"
#include "cli/target_options.h"
#include "live/live.h"
#include "tui/curses.h"

struct top {
	struct target_options target; /* first: the context of TARGET_OPTIONS */
	const char *source_path;
};

static int top_set_source_path(void *ctx, const char *arg, struct err *err)
{
	(void)err;
	((struct top *)ctx)->source_path = arg;
	return 0;
}

static const struct option_row options[] = {
	TARGET_OPTIONS,
	NAME_OPTIONS,
	DEBUGINFOD_OPTION,
	{0, "source-path", "DIR[:DIR]", "where sources are that are not where they were built",
	 COMPLETE_FILE, NULL, top_set_source_path},
};

static int run_live(struct live *live, const struct show_options *show, struct err *err)
{
	struct str line auto_release(str_release) = {0};
	int code;

	if (live_start(live, err))
		return EXIT_FAILED;
	code = show_feed(live_feed(live), show, err);
	if (live_recording(live))
		recording_kill_command(live_recording(live));
	if (!code && !live_finish(live, err)) {
		account_line(&live_feed(live)->profile->account, &line);
		log_info("%s", line.text);
	}
	return code ? EXIT_FAILED : EXIT_DONE;
}

static int top_run(void *ctx, int argc, char **argv, struct err *err)
{
	struct top *t = ctx;
	struct show_options show = {.is_live = true, .source_path = t->source_path};
	struct live *live;
	int code;

	if (target_finish(&t->target, argc, argv, err))
		return EXIT_FAILED;
	if (curses_check(err))
		return EXIT_FAILED;
	show.signal_fd = interrupt_init();
	t->target.recording.silent_command = true;
	live = live_new(&t->target.recording, &t->target.names, err);
	if (!live)
		return EXIT_FAILED;
	code = run_live(live, &show, err);
	live_feed(live)->free(live_feed(live));
	return code;
}

const struct command command_top = {
	.name = "top",
	.summary = "what runs now, full screen",
	.operands = "[-- COMMAND [ARGS]]",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.runs_command = true,
	.more_help = target_help,
	.samples = true,
	.ctx_bytes = sizeof(struct top),
	.release = target_release,
	.run = top_run,
};
