/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recordings played back, without a kernel and without privileges: what becomes of them is what the
 * recorded program is known to have done (tests/data/replay/program.c), written down here by hand.
 *
 * A call of touch(N) is N samples, and two more when it is a process's first: of the page in which
 * it counts, which is read and then written.
 */
#include "unit/test.h"

#include "base/mem.h"
#include "collect/publish.h"
#include "live/live.h"
#include "live/service.h"
#include "live/session.h"
#include "replay/world.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST = 2 };

/* A stack, of which so many samples are known. */
struct known {
	const char *stack; /* functions, the first one first; "...x" is any stack that ends so */
	uint64_t samples;
};

static struct session session;
static struct recording_options options;
static pid_t target;

static void path_of(const char *name, char *buf, size_t size)
{
	snprintf(buf, size, "%s/%s.log", getenv("REPLAY_DATA"), name);
}

static void begin_world(const char *name, const struct world_options *o)
{
	struct err err = {0};
	char path[512];

	path_of(name, path, sizeof(path));
	world_open(path, o);
	target = world_target();
	options = (struct recording_options){
		.pids = &target, .n_pids = 1, .period = 1, .max_depth = 127, .no_kernel = true};
	options.by_frame_pointers = strcmp(name, "frame-pointers") == 0;
	options.frequency_hz = strcmp(name, "throttled") == 0 ? 1000 : 0;
	assert_int_equal(events_parse(options.frequency_hz ? "cpu-clock" : "page-faults",
				      options.events, RECORDING_MAX_EVENTS, &options.n_events,
				      &err),
			 0);
}

/* The functions of a stack, in order. */
static void stack_text(const struct profile *p, stack_id stack, char *buf, size_t size)
{
	const char *names[256];
	size_t n = 0, at = 0;

	for (; stack != NO_ID && n < 256; stack = stacks_parent(&p->stacks, stack))
		names[n++] = profile_text(p, p->frames[stacks_item(&p->stacks, stack)].function);
	for (*buf = '\0'; n-- > 0 && at < size;)
		at += (size_t)snprintf(buf + at, size - at, "%s%s", names[n], n ? ";" : "");
}

static bool is_stack(const char *want, const char *is)
{
	size_t n = strlen(want), m = strlen(is);

	if (strncmp(want, "...", 3) != 0)
		return strcmp(want, is) == 0;
	return m >= n - 3 && strcmp(is + m - (n - 3), want + 3) == 0;
}

static uint64_t sum_of(const struct profile *p, const char *stack, const char *begin)
{
	char text[4096];
	uint64_t n = 0;

	for (size_t i = 0; i < p->n_samples; i++) {
		stack_text(p, p->samples[i].stack, text, sizeof(text));
		if (is_stack(stack, text) && strncmp(text, begin, strlen(begin)) == 0)
			n += (uint64_t)p->values[i * p->n_types];
	}
	return n;
}

static uint64_t samples_of(const struct profile *p, const char *stack)
{
	return sum_of(p, stack, "");
}

/* Those that say that they are cut. */
static uint64_t cut_samples_of(const struct profile *p, const char *stack)
{
	return sum_of(p, stack, "[truncated: ");
}

static uint64_t all_samples(const struct profile *p)
{
	uint64_t n = 0;

	for (size_t i = 0; i < p->n_samples; i++)
		n += (uint64_t)p->values[i * p->n_types];
	return n;
}

static uint64_t lost_for(const struct account *a, const char *reason)
{
	for (size_t i = 0; i < a->lost_by_reason.n; i++)
		if (strcmp(a->lost_by_reason.rows[i].text, reason) == 0)
			return a->lost_by_reason.rows[i].count;
	return 0;
}

/* What is there instead of what is known. */
static void show(const struct profile *p, const struct known *known, uint64_t samples)
{
	char text[4096];

	print_error("%s: %llu samples, not %llu, of\n", known->stack, (unsigned long long)samples,
		    (unsigned long long)known->samples);
	for (size_t i = 0; i < p->n_samples; i++) {
		stack_text(p, p->samples[i].stack, text, sizeof(text));
		print_error("  %s %lld\n", text, (long long)p->values[i * p->n_types]);
	}
}

static void check_known(const struct profile *p, const struct known *known, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t samples = samples_of(p, known[i].stack);

		if (samples != known[i].samples)
			show(p, &known[i], samples);
		assert_int_equal(samples, known[i].samples);
	}
}

/* Takes in what has arrived. The tables of what was captured before are there by then: to build
 * them takes real time, of which the machine that was recorded had some. */
static void take_in(struct recording *r)
{
	struct err err = {0};

	assert_true(recording_poll(r, &err) >= 0);
	for (int i = 0; i < 3000 && world_waits_for(target); i++) {
		poll(NULL, 0, 10);
		assert_true(recording_poll(r, &err) >= 0);
	}
}

/* Plays a log as a recording of one program. */
static const struct profile *play(const char *name, const struct world_options *o)
{
	const struct symbolize_options names = {.no_cache = true};
	bool drain, tick;
	struct err err = {0};

	begin_world(name, o);
	assert_int_equal(session_open(&session, &options, &names, &err), 0);
	assert_int_equal(recording_start(session.recording, &err), 0);
	while (world_next(&drain, &tick)) {
		if (drain)
			assert_int_equal(recording_drain(session.recording, &err), 0);
		else
			take_in(session.recording);
	}
	assert_int_equal(recording_stop(session.recording, &err), 0);
	session_name(&session);
	assert_true(world_taken() > 0);
	/* Everything that the kernel side took is in the profile, or is said to be lost. */
	assert_int_equal(all_samples(session.profile), session.profile->account.samples);
	assert_int_equal(session.profile->account.samples +
				 lost_for(&session.profile->account, "counts full"),
			 world_taken());
	return session.profile;
}

static void end(void)
{
	session_release(&session);
	/* Every capture was answered, or at most those of the last moment were not. */
	assert_true(world_unanswered() >= 0 && world_unanswered() <= 256);
	world_close();
}

/* Nothing lost, every stack whole. */
static void check_whole(const struct profile *p)
{
	assert_int_equal(p->account.lost, 0);
	assert_int_equal(p->account.user_stacks_complete, p->account.user_stacks);
	assert_int_equal(p->account.cut_by_reason.n, 0);
	assert_int_equal(p->account.frames_named, p->account.frames);
}

static const struct world_options in_order, reversed = {.reversed = true};

static void exec_in_the_middle(void **state)
{
	static const struct known known[] = {
		{"_start;start;run;before;touch", 7 + FIRST},
		{"_start;start;run;after;touch", 5 + FIRST},
		{"...before;touch", 7 + FIRST},
		{"...after;touch", 5 + FIRST},
	};
	const struct profile *p = play("exec", *state);

	check_known(p, known, ARRAY_SIZE(known));
	check_whole(p);
	assert_int_equal(p->account.processes, 1);
	end();
}

static void fork_storm(void **state)
{
	static const struct known known[] = {
		{"_start;start;run;storm;child;touch", 12 * (3 + FIRST)},
		{"...touch", 12 * (3 + FIRST)},
	};
	const struct profile *p = play("storm", *state);

	check_known(p, known, ARRAY_SIZE(known));
	check_whole(p);
	assert_int_equal(p->account.processes, 13);
	end();
}

/* Children of a process that is known are known from their first page on. */
static void children_inherit(void **state)
{
	static const struct known known[] = {
		{"_start;start;run;before;touch", 7 + FIRST},
		/* The page in which it counts is their parent's until it is written. */
		{"_start;start;run;storm;child;touch", (40 + 4) * (3 + 1)},
		{"...touch", 7 + FIRST + (40 + 4) * (3 + 1)},
	};
	const struct profile *p = play("forks", *state);

	check_known(p, known, ARRAY_SIZE(known));
	check_whole(p);
	assert_int_equal(p->account.processes, 45);
	assert_in_range(world_captures(), 1, 30); /* of the parent */
	end();
}

/* The same place is one library, then another: no page of one is the other's. */
static void library_over_an_unmapped_one(void **state)
{
	static const struct known known[] = {
		{"...work_alpha;touch", 3 * 4 + FIRST},
		{"...work_gamma;touch", 3 * 6},
		{"...touch", 3 * (4 + 6) + FIRST},
	};
	const struct profile *p = play("dlopen", *state);
	uint64_t whole = samples_of(p, "_start;start;run;libraries;load;work_alpha;touch") +
			 samples_of(p, "_start;start;run;libraries;load;work_gamma;touch");

	check_known(p, known, ARRAY_SIZE(known));
	assert_int_equal(p->account.lost, 0);
	/* What is not whole says that it is cut. */
	assert_in_range(whole, 1, known[2].samples);
	assert_int_equal(cut_samples_of(p, "...touch"), known[2].samples - whole);
	end();
}

static void leader_that_exited(void **state)
{
	static const struct known known[] = {
		{"_start;start;run;leader;before;touch", 7 + FIRST},
		{"...thread_work;second;touch", 8},
		{"...touch", 7 + FIRST + 8},
	};
	const struct profile *p = play("leader", *state);

	check_known(p, known, ARRAY_SIZE(known));
	assert_int_equal(p->account.lost, 0);
	assert_int_equal(p->account.processes, 1);
	end();
}

static void dies_before_it_is_resolved(void **state)
{
	static const struct known known[] = {{"_start;start;run;child;touch", 3 + FIRST}};
	const struct profile *p = play("quick", *state);

	check_known(p, known, ARRAY_SIZE(known));
	check_whole(p);
	end();
}

/* The first stacks come before there is a table, and are unwound when it is there. */
static void captures_wait_for_a_table(void **state)
{
	static const struct known known[] = {
		{"_start;start;run;before;touch", 7 + FIRST},
		{"_start;start;run;after;touch", 5},
	};
	const struct profile *p = play("tables", *state);

	check_known(p, known, ARRAY_SIZE(known));
	check_whole(p);
	end();
}

static void stacks_of_any_depth(void **state)
{
	const struct profile *p = play("many", *state);

	check_whole(p);
	for (size_t depth = 0; depth < 20; depth++) {
		char text[1024] = "_start;start;run";

		for (size_t i = 0; i <= depth; i++)
			strcat(text, ";deep");
		strcat(text, ";touch");
		assert_int_equal(samples_of(p, text), depth ? 1 : 1 + FIRST);
	}
	end();
}

/* The ring has no room for a single stack: the samples are there, and say that their stacks are
 * not. */
static void ring_full(void **state)
{
	const struct profile *p = play("ring-full", *state);

	assert_int_equal(samples_of(p, "[stack lost: ring full]"), world_taken());
	assert_int_equal(p->account.lost, world_taken());
	assert_int_equal(lost_for(&p->account, "ring full"), world_taken());
	assert_int_equal(p->account.user_stacks_complete, 0);
	end();
}

/* Of 60 stacks and what the start takes, 16 had room. */
static void counts_full(void **state)
{
	const struct profile *p = play("counts-full", *state);

	assert_in_range(p->account.samples, 16, 20);
	assert_in_range(lost_for(&p->account, "counts full"), 40, 60);
	assert_int_equal(p->account.lost, lost_for(&p->account, "counts full"));
	assert_int_equal(p->account.user_stacks_complete, p->account.user_stacks);
	end();
}

/* perf's rings had no room for most of who was forked: what is mapped is read again. */
static void records_lost(void **state)
{
	const struct profile *p = play("side-lost", *state);

	assert_true(world_has("lost"));
	assert_true(p->account.mapping_records_lost > 0);
	assert_int_equal(p->account.lost, 0);
	assert_int_equal(samples_of(p, "...child;touch"), (100 + 4) * (3 + 1));
	check_whole(p);
	end();
}

/* By frame pointers alone: the caller of a function without a frame, and the program's first one,
 * are found by what user space knows of the code. */
static void by_frame_pointers(void **state)
{
	static const struct known known[] = {
		{"...before;touch", 7 + FIRST},
		{"...after;touch", 5},
		{"_start;start;run;before;touch", 7 + FIRST},
	};
	const struct profile *p = play("frame-pointers", *state);

	check_known(p, known, ARRAY_SIZE(known));
	assert_int_equal(p->account.lost, 0);
	end();
}

/* What the kernel held back is said to be lost, by the rate that was asked for. */
static void throttled(void **state)
{
	const struct profile *p = play("throttled", *state);
	uint64_t lost = lost_for(&p->account, "throttled by the kernel");
	/* One CPU from 3d000000 to 5acd6500, the other from 6b49d200 to 77359400. */
	double seconds = (double)(0x5acd6500u - 0x3d000000u + 0x77359400u - 0x6b49d200u) / 1e9;

	assert_int_equal(samples_of(p, "...touch"), 300);
	assert_in_range(lost, (uint64_t)(seconds * 1000) - 2, (uint64_t)(seconds * 1000) + 2);
	assert_int_equal(p->account.lost, lost);
	end();
}

/* More processes than there is room for: those that were published last are there, and nothing of
 * those that were not is left behind. */
static void store_is_full(void **state)
{
	enum { PROCESSES = 300, MAPS = 2000 };
	const struct kernel_options none = {0};
	struct err err = {0};
	struct kernel *k = kernel_new(&none, NULL, &err);
	struct publish *p = publish_new(k);
	struct images *images = images_new();
	struct space space = {.version = 1};
	struct process_maps maps;
	size_t kept = 0;

	(void)state;
	for (uint64_t i = 0; i < MAPS; i++) {
		const struct space_source source = {
			0x10000 + i * 0x2000, 0x11000 + i * 0x2000, 0, "//anon", {0}};

		space_add_source(&space, images, &source);
	}
	for (pid_t pid = 1; pid <= PROCESSES; pid++) {
		space.pid = pid;
		publish_space(p, &space, (uint64_t)pid * 10, 1);
		assert_true(kernel_get_process(k, (uint32_t)pid, &maps));
		assert_int_equal(maps.n_maps, MAPS);
		assert_int_equal(maps.start_ns, (uint64_t)pid * 10);
		assert_int_equal(publish_who_has(p, (uint32_t)maps.serial), pid);
		publish_settle(p);
	}
	for (uint32_t pid = 1; pid <= PROCESSES; pid++)
		kept += kernel_get_process(k, pid, &maps);
	assert_in_range(kept, 10, PROCESSES - 1);
	assert_true(kernel_get_process(k, PROCESSES - 5, &maps));
	for (pid_t pid = 1; pid <= PROCESSES; pid++)
		publish_forget(p, pid);
	for (uint32_t pid = 1; pid <= PROCESSES; pid++)
		assert_false(kernel_get_process(k, pid, &maps));
	free(space.maps);
	images_free(images);
	publish_free(p);
	kernel_free(k);
	world_close();
}

/* -- live -- */

/* What has arrived is no sample before the profile is filled; then all of it is there. */
static void top_takes_in_and_fills(void **state)
{
	const struct symbolize_options names = {.no_cache = true};
	uint64_t seen = 0, all = 0;
	bool drain, tick;
	struct err err = {0};
	struct live *l;
	struct feed *f;

	begin_world("storm", *state);
	l = live_new(&options, &names, &err);
	assert_non_null(l);
	assert_int_equal(live_start(l, &err), 0);
	f = live_feed(l);
	while (world_next(&drain, &tick)) {
		all = all_samples(f->profile);
		assert_true(f->take(f, &err) >= 0);
		assert_int_equal(all_samples(f->profile), all);
		if (!drain)
			continue;
		assert_true(f->fill(f, &err) >= 0);
		seen += all_samples(f->profile) - all;
	}
	assert_int_equal(seen, world_taken());
	assert_int_equal(samples_of(f->profile, "_start;start;run;storm;child;touch"),
			 12 * (3 + FIRST));
	f->free(f);
	world_close();
}

/* A recording that ends by itself, and a screen that looks at something else. */
static void recordings_end_and_change(void **state)
{
	const struct symbolize_options names = {.no_cache = true, .java_perfmap = true};
	bool drain, tick;
	struct err err = {0};
	struct profile *p;
	struct live *l;

	begin_world("exec", *state);
	l = live_new(&options, &names, &err);
	assert_non_null(l);
	assert_int_equal(live_start(l, &err), 0);
	while (world_next(&drain, &tick))
		assert_true(live_poll(l, &err) >= 0);
	assert_int_equal(live_finish(l, &err), 0);
	p = live_feed(l)->profile;
	assert_int_equal(samples_of(p, "_start;start;run;before;touch"), 7 + FIRST);
	assert_int_equal(samples_of(p, "_start;start;run;after;touch"), 5 + FIRST);
	assert_int_equal(p->account.samples, world_taken());
	/* What is not there is refused, and all goes on; the whole machine is. */
	assert_true(live_feed(l)->retarget(live_feed(l), "/no/such/group", &err) != 0);
	assert_ptr_equal(live_feed(l)->profile, p);
	err = (struct err){0};
	assert_int_equal(live_feed(l)->retarget(live_feed(l), "all", &err), 0);
	assert_string_equal(live_feed(l)->title, "the whole machine");
	assert_int_equal(world_loaded(), 2);
	live_feed(l)->free(live_feed(l));
	world_close();
}

/* The samples of a window, all of which are of one stack. */
static uint64_t window_samples(struct history *h, const struct history_window *w)
{
	struct profile p;
	uint64_t n;
	struct err err = {0};

	profile_init(&p);
	assert_int_equal(h->window(h, w, &p, &err), 0);
	n = all_samples(&p);
	assert_int_equal(samples_of(&p, "_start;start;run;before;touch"), n);
	assert_int_equal(p.account.user_stacks_complete, n);
	assert_int_equal(p.account.lost, 0);
	profile_release(&p);
	return n;
}

/* Addresses that a client asks for, of the process and of the kernel. */
static void check_names(struct history *h)
{
	const uint64_t of_program[] = {0x400155, 0x10}, of_kernel[] = {0xffffffff81000123};
	struct str names auto_release(str_release) = {0};

	h->names(h, target, of_program, 2, &names);
	h->names(h, 0, of_kernel, 1, &names);
	assert_string_equal(names.text, "0x400155 touch\n0xffffffff81000123 kernel_code\n");
}

/* As a state it is all that came until then; what was forgotten of that is said. */
static void check_state(struct history *h, const struct history_window *w, uint64_t all)
{
	struct history_window state = *w;
	struct err err = {0};
	struct profile p;
	bool is_said = false;

	state.kind = VALUE_STATE;
	profile_init(&p);
	assert_int_equal(h->window(h, &state, &p, &err), 0);
	for (size_t i = 0; i < p.n_comments; i++)
		is_said |= strstr(profile_text(&p, p.comments[i]), "before the history") != NULL;
	assert_true(all_samples(&p) <= all);
	assert_int_equal(is_said, all_samples(&p) < all);
	assert_int_equal(p.account.lost, 0);
	profile_release(&p);
}

/* A server that begins everything anew every second: a window across has every sample once, named
 * by the profile that it was taken into. */
static void eras_are_one_history(void **state)
{
	static const struct symbolize_options names = {.no_cache = true};
	struct service_options o = {
		.names = names, .history_ns = 600000000000ull, .memory_bytes = 8, .most_groups = 8};
	struct history_window across = {0}, none = {0}, memory = {.event = "heap"};
	uint64_t ticks = 0, samples = 0, all;
	bool drain, tick;
	struct err err = {0};
	struct history *h;
	struct profile p;

	begin_world("serve", *state);
	o.recording = options;
	h = service_new(&o, &err);
	assert_non_null(h);
	assert_int_equal(h->mark(h, &across.from, &err), 0);
	while (world_next(&drain, &tick)) {
		assert_int_equal(h->take(h, &err), 0);
		if (drain)
			assert_int_equal(h->mark(h, &across.to, &err), 0);
		if (!tick)
			continue;
		none.from = none.to = across.to;
		assert_int_equal(window_samples(h, &none), 0);
		assert_int_equal(h->tick(h, &err), 0);
		assert_int_equal(h->mark(h, &across.to, &err), 0);
		across.event = NULL;
		all = window_samples(h, &across);
		across.event = "page-faults";
		assert_int_equal(window_samples(h, &across), all);
		check_state(h, &across, samples + all);
		samples += all;
		across.from = across.to;
		/* Of what is remembered, all has a name. */
		assert_true(ticks || h->summary(h)->frames > 0);
		assert_int_equal(h->summary(h)->frames_named, h->summary(h)->frames);
		ticks++;
	}
	check_names(h);
	/* What an event is asked for that is not recorded. */
	assert_true(h->has(h, NULL) && h->has(h, "page-faults") && !h->has(h, "heap"));
	assert_int_equal(h->window(h, &memory, &p, &err), -ENOENT);
	assert_true(ticks >= 4);
	assert_int_equal(h->status(h)->renewals, ticks);
	assert_int_equal(h->status(h)->account.samples, world_counted());
	assert_int_equal(h->status(h)->account.user_stacks_complete, world_counted());
	assert_int_equal(world_loaded(), ticks + 1);
	/* Every page that was touched while somebody looked. */
	assert_int_equal(samples, world_counted());
	assert_in_range(samples, 50, 100 - 7);
	h->free(h);
	world_close();
}

int main(void)
{
#define PLAYED(test, options)                                                                      \
	{                                                                                          \
		.name = #test, .test_func = test, .initial_state = (void *)&options                \
	}
	const struct CMUnitTest tests[] = {
		PLAYED(exec_in_the_middle, in_order),
		PLAYED(exec_in_the_middle, reversed),
		PLAYED(fork_storm, in_order),
		PLAYED(fork_storm, reversed),
		PLAYED(children_inherit, in_order),
		PLAYED(children_inherit, reversed),
		PLAYED(library_over_an_unmapped_one, in_order),
		PLAYED(library_over_an_unmapped_one, reversed),
		PLAYED(leader_that_exited, in_order),
		PLAYED(dies_before_it_is_resolved, in_order),
		PLAYED(captures_wait_for_a_table, in_order),
		PLAYED(captures_wait_for_a_table, reversed),
		PLAYED(stacks_of_any_depth, in_order),
		PLAYED(ring_full, in_order),
		PLAYED(counts_full, in_order),
		PLAYED(records_lost, in_order),
		cmocka_unit_test(store_is_full),
		PLAYED(by_frame_pointers, in_order),
		PLAYED(throttled, in_order),
		PLAYED(top_takes_in_and_fills, in_order),
		PLAYED(recordings_end_and_change, in_order),
		PLAYED(eras_are_one_history, in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
