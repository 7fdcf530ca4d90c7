/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A running profiler as a feed. */
#include "live/live.h"

#include "analysis/coverage.h"
#include "base/clock.h"
#include "base/mem.h"
#include "symbolize/symbolize.h"

/* How often new images are read while the recording runs. */
#define EARLY_NS 3000000000ull
/* When a Java machine is asked for names first; then at double the time. */
#define JAVA_NS 500000000ull

struct live {
	struct feed feed; /* first: a feed is its live */
	struct profile profile;
	struct images *images;
	struct recording *recording;
	struct symbolizer *symbolizer;
	bool no_names;
	uint64_t early_ns, java_ns; /* when that was last done, at first the start */
	uint64_t java_wait_ns;      /* 0: not asked */
	frame_id named;             /* frames below have been asked for */
};

/* Names what is new and brings the account up to date. */
static void name_new(struct live *l)
{
	symbolizer_watch(l->symbolizer, l->images);
	symbolize_frames(l->symbolizer, &l->profile, l->images, l->named);
	l->named = (frame_id)l->profile.n_frames;
	recording_account(l->recording);
	if (l->no_names)
		return;
	coverage_count(&l->profile, &l->profile.account);
}

static int fill(struct feed *f, struct err *err)
{
	struct live *l = (struct live *)f;
	int gone = recording_poll(l->recording, err);
	int code = gone < 0 ? gone : recording_drain(l->recording, err);

	if (code)
		return code;
	name_new(l);
	return gone;
}

static int take(struct feed *f, struct err *err)
{
	return recording_poll(((struct live *)f)->recording, err);
}

static int wait_fd(struct feed *f)
{
	return recording_wait_fd(((struct live *)f)->recording);
}

static void live_free(struct feed *f)
{
	struct live *l = (struct live *)f;

	recording_free(l->recording);
	images_free(l->images);
	symbolizer_free(l->symbolizer);
	profile_release(&l->profile);
	free(l);
}

struct live *live_new(const struct recording_options *o, const struct symbolize_options *names,
		      struct err *err)
{
	struct live *l = mem_alloc(sizeof(*l));

	l->feed = (struct feed){.fill = fill,
				.wait_fd = wait_fd,
				.take = take,
				.free = live_free,
				.profile = &l->profile};
	profile_init(&l->profile);
	l->images = images_new();
	l->symbolizer = symbolizer_new(names);
	l->no_names = names->no_names;
	l->java_wait_ns = names->java_perfmap ? JAVA_NS : 0;
	l->recording = recording_new(o, &l->profile, l->images, err);
	if (!l->recording) {
		live_free(&l->feed);
		return NULL;
	}
	recording_title(l->recording, l->feed.title, sizeof(l->feed.title));
	return l;
}

int live_start(struct live *l, struct err *err)
{
	l->early_ns = l->java_ns = monotonic_ns();
	return recording_start(l->recording, err);
}

int live_wait_fd(const struct live *l)
{
	return recording_wait_fd(l->recording);
}

int live_poll(struct live *l, struct err *err)
{
	uint64_t now = monotonic_ns();

	symbolizer_watch(l->symbolizer, l->images);
	if (now - l->early_ns > EARLY_NS) {
		symbolize_early(l->symbolizer, &l->profile, l->images);
		l->early_ns = monotonic_ns();
	}
	/* It may end before the recording does. */
	if (l->java_wait_ns && now - l->java_ns > l->java_wait_ns) {
		symbolize_generated(l->symbolizer, &l->profile, l->images);
		l->java_wait_ns *= 2;
		l->java_ns = monotonic_ns();
	}
	return recording_poll(l->recording, err);
}

int live_finish(struct live *l, struct err *err)
{
	int code = recording_stop(l->recording, err);

	if (code)
		return code;
	name_new(l);
	if (!l->no_names)
		symbolize_account(l->symbolizer, &l->profile, &l->profile.account);
	return 0;
}

struct feed *live_feed(struct live *l)
{
	return &l->feed;
}

struct recording *live_recording(const struct live *l)
{
	return l->recording;
}
