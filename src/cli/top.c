/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cprof top: what runs now, full screen. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/target_options.h"
#include "live/live.h"
#include "tui/curses.h"
#include "tui/top_screen.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define REFRESH_NS 1000000000ull
#define FIRST_NS   300000000ull /* the first figures come earlier */

struct top {
	struct target_options target; /* first: the context of TARGET_OPTIONS */
};

static const struct option_row options[] = {TARGET_OPTIONS, NAME_OPTIONS, DEBUGINFOD_OPTION};

static void draw(struct top_screen *screen, struct grid *g, const struct profile *p)
{
	int rows, cols;

	curses_size(&rows, &cols);
	grid_reset(g, rows, cols);
	top_screen_draw(screen, g, p);
	curses_show(g);
}

static void reset_values(struct profile *p)
{
	memset(p->values, 0, p->n_samples * p->n_types * sizeof(*p->values));
}

/* Takes every key that waits. Returns true when something changed. */
static bool take_keys(struct top_screen *screen, struct profile *p)
{
	bool changed = false;
	uint32_t key;

	while ((key = curses_key()) != KEY_NONE)
		changed |= top_screen_key(screen, key);
	if (screen->reset) {
		screen->reset = false;
		reset_values(p);
	}
	return changed;
}

static int run_screen(struct feed *feed, int signal_fd, struct err *err)
{
	struct pollfd fds[] = {{STDIN_FILENO, POLLIN, 0},
			       {signal_fd, POLLIN, 0},
			       {feed->wait_fd(feed), POLLIN, 0}};
	struct grid g = {0};
	struct top_screen screen;
	uint64_t last_ns = monotonic_ns(), due_ns = last_ns + FIRST_NS, samples = 0;
	int code = 0;

	top_screen_init(&screen, feed->title);
	draw(&screen, &g, feed->profile);
	while (!screen.quit && !interrupt_asked() && code >= 0) {
		uint64_t now = monotonic_ns();

		if (now >= due_ns && screen.paused) {
			due_ns = now + REFRESH_NS;
		} else if (now >= due_ns) {
			code = feed->fill(feed, err);
			if (code < 0)
				break;
			screen.samples_per_s = (double)(feed->profile->account.samples - samples) /
					       ((double)(now - last_ns) / 1e9);
			samples = feed->profile->account.samples;
			last_ns = now;
			due_ns = now + REFRESH_NS;
			draw(&screen, &g, feed->profile);
			if (code > 0) {
				fds[2].fd = -1; /* the targets are gone; the screen stays */
				due_ns = UINT64_MAX;
			}
			continue;
		}
		if (poll(fds, ARRAY_SIZE(fds),
			 due_ns == UINT64_MAX ? -1 : (int)((due_ns - now) / 1000000 + 1)) < 0 &&
		    errno != EINTR)
			break;
		if (fds[2].revents && feed->take(feed, err))
			fds[2].fd = -1;
		if (take_keys(&screen, feed->profile))
			draw(&screen, &g, feed->profile);
	}
	grid_release(&g);
	return code < 0 ? code : 0;
}

static int run(void *ctx, int argc, char **argv, struct err *err)
{
	struct top *t = ctx;
	struct str line auto_release(str_release) = {0};
	int signal_fd = interrupt_init(), code = EXIT_FAILED;
	struct live *live = NULL;
	struct feed *feed;

	if (target_finish(&t->target, argc, argv, err))
		goto out;
	t->target.recording.silent_command = true;
	live = live_new(&t->target.recording, &t->target.names, err);
	if (!live)
		goto out;
	feed = live_feed(live);
	if (curses_open(colour_wanted(STDOUT_FILENO), err))
		goto out;
	log_hold(isatty(STDERR_FILENO));
	code = live_start(live, err) ? -1 : run_screen(feed, signal_fd, err);
	curses_close();
	log_hold(false);
	recording_kill_command(live_recording(live));
	if (!code && !live_finish(live, err)) {
		account_line(&feed->profile->account, &line);
		log_info("%s", line.text);
	}
	code = code ? EXIT_FAILED : EXIT_DONE;
out:
	if (live)
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
	.ctx_bytes = sizeof(struct top),
	.release = target_release,
	.run = run,
};
