/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The threads of a process as a profile. */
#include "live/threads.h"

#include "analysis/coverage.h"
#include "base/clock.h"
#include "base/mem.h"
#include "proc/syscalls.h"
#include "profile/copy.h"
#include "profile/values.h"

#include <stdio.h>
#include <string.h>

/* Of addresses; pages come when tables are put there. */
#define STORE_BYTES (256u << 20)

static const char *state_word(const struct snapshot_thread *t)
{
	switch (t->state) {
	case 'R':
		return t->running ? "running" : "runnable";
	case 'S':
		return "sleeping";
	case 'D':
		return "uninterruptible";
	case 'T':
		return "stopped";
	case 't':
		return "traced";
	case 'Z':
		return "zombie";
	case 'I':
		return "idle";
	default:
		return "dead";
	}
}

/* Functions in which every thread that waits is, whatever it waits for. */
static bool is_scheduler(const char *name)
{
	static const char *const starts[] = {"schedule",     "__schedule", "io_schedule",
					     "do_nanosleep", "wait_woken", "__refrigerator"};

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (str_starts(name, starts[i]))
			return true;
	return false;
}

/* The kernel function that a thread waits in; NULL: it does not. */
static const char *wait_channel(const struct profile *p, const struct snapshot_thread *t)
{
	if (t->state == 'R')
		return NULL;
	for (stack_id s = t->stack; s != NO_ID; s = stacks_parent(&p->stacks, s)) {
		const struct frame *f = &p->frames[stacks_item(&p->stacks, s)];
		const char *name = profile_text(p, f->function);

		if (f->kind != FRAME_KERNEL)
			return NULL;
		if (f->named && !is_scheduler(name))
			return name;
	}
	return NULL;
}

struct keys {
	string_id pid, tid, process, thread, state, wait, nanoseconds, syscall, wchan;
};

static struct keys add_keys(struct strings *s)
{
	return (struct keys){
		.pid = strings_add(s, "pid"),
		.tid = strings_add(s, "tid"),
		.process = strings_add(s, "process"),
		.thread = strings_add(s, "thread"),
		.state = strings_add(s, "state"),
		.wait = strings_add(s, "wait"),
		.nanoseconds = strings_add(s, "nanoseconds"),
		.syscall = strings_add(s, "syscall"),
		.wchan = strings_add(s, "wchan"),
	};
}

static void put_thread(const struct snapshot_thread *t, const struct profile *from,
		       struct profile_copy *copy, const struct keys *k, struct profile *ret)
{
	struct strings *s = &ret->strings;
	const char *call = syscall_name(t->syscall), *channel = wait_channel(from, t);
	const int64_t one = 1;
	struct label labels[8] = {
		{.key = k->pid, .number = t->pid},
		{.key = k->tid, .number = t->tid},
		{.key = k->process,
		 .text = profile_task_name(ret, t->process, sizeof(t->process), t->pid)},
		{.key = k->thread,
		 .text = profile_task_name(ret, t->thread, sizeof(t->thread), t->tid)},
		{.key = k->state, .text = strings_add(s, state_word(t))},
	};
	size_t n = 5;

	if (t->wait_ns)
		labels[n++] = (struct label){
			.key = k->wait, .number = (int64_t)t->wait_ns, .unit = k->nanoseconds};
	if (call)
		labels[n++] = (struct label){.key = k->syscall, .text = strings_add(s, call)};
	if (channel)
		labels[n++] = (struct label){.key = k->wchan, .text = strings_add(s, channel)};
	profile_add_sample(ret, profile_copy_stack(copy, t->stack),
			   profile_add_labels(ret, labels, n), &one);
}

static void threads_put_all(const struct snapshot *shot, const struct profile *from,
			    struct profile *ret)
{
	struct profile_copy *copy = profile_copy_new(from, ret);
	const struct keys k = add_keys(&ret->strings);

	profile_copy_hide_kernel(copy);
	value_add(ret, "goroutine");
	ret->period_type = ret->types[0];
	ret->period = 1;
	ret->time_ns = (int64_t)clock_ns(CLOCK_REALTIME);
	for (size_t i = 0; i < shot->n; i++)
		put_thread(&shot->threads[i], from, copy, &k, ret);
	profile_copy_free(copy);
}

int threads_take(struct snapshotter *s, const struct snapshot_place *place, struct symbolizer *z,
		 pid_t pid, struct profile *ret, struct err *err)
{
	struct snapshot shot = {0};
	frame_id named = (frame_id)place->p->n_frames;
	int code = snapshot_take(s, place, pid, &shot, err);

	if (!code) {
		symbolize_frames(z, place->p, place->images, named);
		threads_put_all(&shot, place->p, ret);
		resolved_account(place->resolved, &ret->account);
		ret->account.samples = shot.n;
		snprintf(ret->account.way, sizeof(ret->account.way), "iterator");
		ret->duration_ns = (int64_t)shot.took_ns;
		coverage_count(ret, &ret->account);
	}
	snapshot_release(&shot);
	return code;
}

static void nobody_moves(void *ctx, const struct image *image, uint32_t table)
{
	(void)ctx, (void)image, (void)table;
}

static void nobody_reads(void)
{
}

int threads_take_alone(const struct symbolize_options *names, pid_t pid, struct profile *ret,
		       struct err *err)
{
	struct store store = {0};
	struct profile p;
	struct snapshot_place place = {.p = &p, .store = &store};
	struct snapshotter *s = snapshotter_new(err);
	struct symbolizer *z;
	int code;

	if (!s)
		return err->code;
	code = store_init_own(&store, STORE_BYTES);
	if (code) {
		snapshotter_free(s);
		return err_set(err, code, "no memory for unwind tables");
	}
	profile_init(&p);
	z = symbolizer_new(names);
	place.images = images_new();
	images_kernel(place.images)->name_address = snapshotter_name_address;
	images_kernel(place.images)->name_ctx = s;
	place.tables = tables_new(&store, NULL, nobody_moves, nobody_reads, NULL);
	place.resolved = resolved_new(&p, place.images, MAX_USER_FRAMES, true);
	code = threads_take(s, &place, z, pid, ret, err);
	resolved_free(place.resolved);
	tables_free(place.tables);
	images_free(place.images);
	symbolizer_free(z);
	store_release(&store);
	profile_release(&p);
	snapshotter_free(s);
	return code;
}
