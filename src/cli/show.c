/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The full-screen view of a feed. */
#include "cli/show.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/save.h"
#include "tui/curses.h"
#include "tui/screen.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define REFRESH_NS 1000000000ull
#define FIRST_NS   150000000ull /* the first figures come earlier */

/* Parts of eight that are left after a second when the past fades. */
enum { FADE_KEEPS = 7, FADE_OF = 8 };

struct show {
	struct feed *feed;
	const struct show_options *o;
	struct screen screen;
	struct grid grid;
	uint64_t last_ns, due_ns, samples;
	bool ended;        /* nothing more comes */
	bool told;         /* that perf samples in place of the kernel side */
	struct err failed; /* for good */
};

static void show_draw(struct show *s)
{
	int rows, cols;

	curses_size(&rows, &cols);
	grid_reset(&s->grid, rows, cols);
	screen_draw(&s->screen, &s->grid);
	curses_show(&s->grid);
}

static void clear_values(struct profile *p)
{
	memset(p->values, 0, p->n_samples * p->n_types * sizeof(*p->values));
}

/* Small values go, so that functions do not stay for ever with next to nothing. */
static void fade(struct profile *p)
{
	const char *unit = profile_text(p, p->types[p->default_type].unit);
	int64_t least = str_equal(unit, "nanoseconds") ? 1000 : 1;

	for (size_t i = 0; i < p->n_samples; i++) {
		int64_t *v = p->values + i * p->n_types;
		int64_t faded = v[p->default_type] * FADE_KEEPS / FADE_OF;

		for (size_t k = 0; k < p->n_types; k++)
			v[k] = faded < least ? 0 : (v[k] * FADE_KEEPS + FADE_OF / 2) / FADE_OF;
	}
}

/* -- what the screen asks for -- */

static void save(struct show *s)
{
	struct save file = {.output.fd = -1};
	struct str text auto_release(str_release) = {0};
	struct view_options view = s->screen.model.o;
	struct err err = {0};

	if (!save_open(&file, s->screen.text, NULL, &err)) {
		file.options.view = view;
		file.options.view.by = BY_PROCESS;
		file.options.inverted = s->screen.inverted;
		file.options.title = s->feed->title;
		if (!save_write(&file, s->feed->profile, &err))
			save_describe(&file, &text);
	}
	snprintf(s->screen.message, sizeof(s->screen.message), "%s",
		 err.what[0] ? err.what : text.text);
	save_release(&file);
}

static void show_retarget(struct show *s)
{
	struct err err = {0};
	int code = s->feed->retarget(s->feed, s->screen.text, &err);

	if (code)
		snprintf(s->screen.message, sizeof(s->screen.message), "%s", err.what);
	if (!s->feed->profile) {
		s->failed = err;
		s->screen.quit = true;
		return;
	}
	/* It may be another profile even then: the old target's, from zero. */
	screen_changed(&s->screen, s->feed->profile);
	if (code)
		return;
	screen_forget(&s->screen);
	s->samples = 0;
	s->ended = false;
	s->due_ns = monotonic_ns() + FIRST_NS;
}

static void show_answer(struct show *s)
{
	enum request request = s->screen.request;

	s->screen.request = REQUEST_NONE;
	if (request == REQUEST_RESET) {
		clear_values(s->feed->profile);
		screen_forget(&s->screen);
		screen_changed(&s->screen, s->feed->profile);
	} else if (request == REQUEST_SAVE) {
		save(s);
	} else if (request == REQUEST_TARGET) {
		show_retarget(s);
	} else if (request == REQUEST_MOUSE) {
		curses_mouse(s->screen.mouse);
	}
}

/* Takes every key that waits. Returns true when something changed. */
static bool take_keys(struct show *s)
{
	bool changed = false;
	uint32_t key;

	while (!s->screen.quit &&
	       (key = curses_key(&s->screen.click_row, &s->screen.click_col)) != KEY_NONE) {
		changed |= screen_key(&s->screen, key);
		if (s->screen.request)
			show_answer(s);
	}
	return changed;
}

/* -- the loop -- */

static int refresh(struct show *s, struct err *err)
{
	struct profile *p = s->feed->profile;
	uint64_t now = monotonic_ns();
	/* Of what was there before. */
	static const double parts[] = {
		[MODE_ADD_UP] = 1, [MODE_FADE] = (double)FADE_KEEPS / FADE_OF, [MODE_LAST] = 0};
	double part = parts[s->screen.mode];
	int code;

	if (s->screen.mode == MODE_FADE)
		fade(p);
	else if (s->screen.mode == MODE_LAST)
		clear_values(p);
	code = s->feed->fill(s->feed, err);
	if (code < 0)
		return code;
	s->screen.samples_per_s =
		(double)(p->account.samples - s->samples) / ((double)(now - s->last_ns + 1) / 1e9);
	s->samples = p->account.samples;
	s->last_ns = now;
	s->due_ns = now + REFRESH_NS;
	s->ended = code > 0; /* the targets are gone; the screen stays */
	if (p->account.refused[0] && !s->told) {
		s->told = true;
		snprintf(s->screen.message, sizeof(s->screen.message), "by perf: %.240s",
			 p->account.refused);
	}
	screen_changed(&s->screen, p);
	if (s->o->is_live)
		model_tick(&s->screen.model, part);
	return 0;
}

static int wait(struct show *s, struct err *err)
{
	struct pollfd fds[] = {{STDIN_FILENO, POLLIN, 0},
			       {s->o->signal_fd, POLLIN, 0},
			       {s->ended ? -1 : s->feed->wait_fd(s->feed), POLLIN, 0}};
	uint64_t now = monotonic_ns();
	int ms = -1; /* for ever */

	if (!s->ended)
		ms = s->due_ns > now ? (int)((s->due_ns - now) / 1000000 + 1) : 0;
	if (poll(fds, ARRAY_SIZE(fds), ms) < 0 && errno != EINTR)
		return err_set(err, -errno, "cannot wait for keys");
	if (fds[0].revents & (POLLHUP | POLLERR))
		s->screen.quit = true; /* the terminal is gone */
	if (fds[2].revents && s->feed->take(s->feed, err) < 0)
		return err->code;
	return 0;
}

static int refresh_when_due(struct show *s, struct err *err)
{
	int code = 0;

	if (s->ended || monotonic_ns() < s->due_ns)
		return 0;
	if (s->screen.paused)
		s->due_ns = monotonic_ns() + REFRESH_NS;
	else
		code = refresh(s, err);
	if (!code && !s->screen.paused)
		show_draw(s);
	return code;
}

static int show_run(struct show *s, struct err *err)
{
	int code = 0;

	if (!s->o->is_live)
		s->ended = true;
	show_draw(s);
	while (!code && !s->screen.quit && !interrupt_asked()) {
		code = refresh_when_due(s, err);
		if (!code)
			code = wait(s, err);
		if (!code && take_keys(s) && !s->screen.quit)
			show_draw(s);
	}
	if (s->failed.what[0])
		*err = s->failed;
	return s->failed.what[0] ? -1 : code;
}

static int show_annotate(void *ctx, mapping_id mapping, uint64_t offset, struct code *ret,
			 struct err *err)
{
	struct feed *f = ctx;

	return f->annotate(f, mapping, offset, ret, err);
}

int show_feed(struct feed *feed, const struct show_options *o, struct err *err)
{
	struct show s = {.feed = feed, .o = o};
	int code;

	if (curses_open(colour_wanted(STDOUT_FILENO), err))
		return err->code;
	/* What there is to say waits for the end of the screen. */
	log_hold(isatty(STDERR_FILENO));
	screen_init(&s.screen, feed->title);
	s.screen.is_live = o->is_live;
	s.screen.source_path = o->source_path;
	if (o->view)
		screen_set_view(&s.screen, o->view);
	s.screen.annotate = show_annotate;
	s.screen.annotate_ctx = feed;
	screen_changed(&s.screen, feed->profile);
	s.last_ns = monotonic_ns();
	s.due_ns = s.last_ns + FIRST_NS;
	code = show_run(&s, err);
	curses_close();
	log_hold(false);
	screen_release(&s.screen);
	grid_release(&s.grid);
	return code;
}
