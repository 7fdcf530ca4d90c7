/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every thread is doing at this moment. */
#include "collect/deep.h"
#include "collect/snapshot.h"

#include "abi/snapshot.h"
#include "base/authority.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "collect/captures.h"
#include "collect/kernel_name.h"
#include "collect/libbpf_log.h"
#include "collect/refusal.h"
#include "collect/running.h"
#include "collect/targets.h"
#include "collect/resolved.h"
#include "maps/spaces.h"
#include "proc/procfs.h"
#include "unwind/capture.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include "threads.skel.h"
#pragma GCC diagnostic pop

enum {
	READ_BYTES = 1 << 16,
	MAX_RECORDS_BYTES = 1 << 30,                /* a third of a million threads */
	MAX_STACK_BYTES = MAX_CAPTURE_PAGES * 4096, /* of one thread */
	ROUNDS = 6, /* of looking again at threads that were running */
	MAX_TABLE_WAITS = 256,
	DEEP_AREA_BYTES = SNAPSHOT_DEEP_STACKS * SNAPSHOT_DEEP_BYTES,
};

struct snapshotter {
	struct threads *object;
	char *deep;  /* mapped: SNAPSHOT_DEEP_STACKS times SNAPSHOT_DEEP_BYTES */
	int name_fd; /* -1: this kernel has no such programs */
};

/* One thread as it was read. */
struct seen {
	const struct snapshot_record *r;
	const uint64_t *kernel;
	const uint8_t *stack;
	uint8_t *deep;            /* heap, r->deep_bytes; NULL: there is none */
	struct running_tick tick; /* without a capture: none was seen */
};

struct taking {
	struct snapshotter *snapshotter;
	const struct snapshot_place *place;
	struct spaces spaces;
	struct str bytes[ROUNDS]; /* what `seen` points into */
	struct seen *seen;
	size_t n, cap;
	struct deeps *deeps;
	uint8_t *more;               /* MAX_STACK_BYTES */
	size_t running[MAX_RUNNING]; /* in `seen`, those that are looked for */
	size_t n_running;
};

/* -- the programs -- */

/* What the kernel says, and which one would not: what can be made of old ones (a missing helper, no
 * such iterator) is that they are too old for this. */
static int refused(int code, const char *log, struct err *err)
{
	enum refusal why = refusal_explain(code, log, err);
	struct err cause = *err;

	err_set(err, 0, "the kernel does not show its threads: %s", cause.what);
	if (why == REFUSAL_helper || why == REFUSAL_other || why == REFUSAL_too_old)
		err_cure(err, "Linux 5.18 or later is needed for this");
	else
		err_cure(err, "%s", cause.cure);
	return err->code = cause.code;
}

static int snapshot_load(struct snapshotter *s, const struct refusal_log *log)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .kernel_log_buf = log->text,
		    .kernel_log_size = log->bytes);

	s->object = threads__open_opts(&opts);
	if (!s->object)
		return errno ? -errno : -EINVAL;
	kernel_name_choose(s->object->progs.kernel_name);
	return threads__load(s->object);
}

struct snapshotter *snapshotter_new(struct err *err)
{
	with_authority(BPF);
	struct snapshotter *s = mem_alloc(sizeof(*s));
	struct refusal_log log;
	int code;

	libbpf_log();
	s->name_fd = -1;
	refusal_log_init(&log);
	code = snapshot_load(s, &log);
	if (code) {
		refused(code, refusal_log_text(&log), err);
		refusal_log_say(&log);
	}
	refusal_log_release(&log);
	if (code) {
		snapshotter_free(s);
		return NULL;
	}
	s->name_fd = kernel_name_fd(s->object->progs.kernel_name);
	s->deep = mmap(NULL, DEEP_AREA_BYTES, PROT_READ, MAP_SHARED,
		       bpf_map__fd(s->object->maps.snapshot_deep), 0);
	if (s->deep == MAP_FAILED) {
		s->deep = NULL;
		err_set(err, -errno, "cannot map the stacks of threads");
		snapshotter_free(s);
		return NULL;
	}
	return s;
}

void snapshotter_free(struct snapshotter *s)
{
	if (!s)
		return;
	if (s->deep)
		munmap(s->deep, DEEP_AREA_BYTES);
	threads__destroy(s->object);
	free(s);
}

bool snapshotter_name_address(void *snapshotter, uint64_t address, char *buf, size_t size)
{
	with_authority(BPF);
	struct snapshotter *s = snapshotter;

	return kernel_name_ask(s->name_fd, &s->object->bss->name_address, s->object->bss->name_text,
			       address, buf, size);
}

/* -- reading -- */

static int attach(const struct threads *object, pid_t pid, struct bpf_link **ret)
{
	union bpf_iter_link_info info = {.task.pid = (uint32_t)pid};
	LIBBPF_OPTS(bpf_iter_attach_opts, o, .link_info = &info, .link_info_len = sizeof(info));
	struct bpf_link *link = NULL;

	if (pid)
		link = bpf_program__attach_iter(object->progs.snapshot_thread, &o);
	/* Before 6.1 the program alone chooses. */
	if (!link)
		link = bpf_program__attach_iter(object->progs.snapshot_thread, NULL);
	*ret = link;
	return link ? 0 : -errno;
}

static int read_all(int fd, struct str *out)
{
	auto_free char *chunk = mem_alloc(READ_BYTES);

	for (;;) {
		ssize_t n = read(fd, chunk, READ_BYTES);

		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return 0;
		if (out->len + (size_t)n > MAX_RECORDS_BYTES)
			return -E2BIG;
		str_add(out, chunk, (size_t)n);
	}
}

static int read_threads(struct snapshotter *s, pid_t pid, struct str *out, struct err *err)
{
	with_authority(BPF);
	struct bpf_link *link;
	int code, fd;

	s->object->bss->snapshot_deep_used = 0;
	s->object->bss->snapshot_tgid = (uint32_t)pid;
	s->object->bss->snapshot_self_tgid = pid ? 0 : (uint32_t)getpid();
	code = attach(s->object, pid, &link);

	if (code)
		return refused(code, "", err);
	fd = bpf_iter_create(bpf_link__fd(link));
	code = fd < 0 ? -errno : read_all(fd, out);
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return code ? err_set(err, code, "cannot read the list of threads") : 0;
}

/* Calls `visit` for every whole record. */
static void each_record(struct taking *t, const struct str *bytes,
			void (*visit)(struct taking *t, const struct seen *s))
{
	for (size_t at = 0; bytes->len - at >= sizeof(struct snapshot_record);) {
		const struct snapshot_record *r = (const void *)(bytes->text + at);
		size_t kernel = (size_t)r->n_kernel * 8;
		struct seen s = {.r = r, .kernel = (const uint64_t *)(r + 1)};

		if (r->n_kernel > SNAPSHOT_KERNEL_FRAMES || r->stack_bytes > SNAPSHOT_STACK_BYTES ||
		    bytes->len - at < sizeof(*r) + kernel + r->stack_bytes)
			return;
		s.stack = (const uint8_t *)(r + 1) + kernel;
		visit(t, &s);
		at += sizeof(*r) + kernel + r->stack_bytes;
	}
}

/* A copy of its deep stack: the next round writes over it. */
static uint8_t *keep_deep(const struct taking *t, const struct seen *s)
{
	const struct snapshot_record *r = s->r;
	uint8_t *copy;

	if (!r->deep_bytes || r->deep_bytes > SNAPSHOT_DEEP_BYTES ||
	    r->deep >= SNAPSHOT_DEEP_STACKS)
		return NULL;
	copy = mem_alloc(r->deep_bytes);
	memcpy(copy, t->snapshotter->deep + (size_t)r->deep * SNAPSHOT_DEEP_BYTES, r->deep_bytes);
	return copy;
}

static void add_seen(struct taking *t, const struct seen *s)
{
	array_reserve(t->seen, t->cap, t->n + 1);
	t->seen[t->n] = *s;
	t->seen[t->n++].deep = keep_deep(t, s);
}

/* One that was running takes what it is by now, if it waits. */
static void replace_running(struct taking *t, const struct seen *s)
{
	for (size_t i = 0; i < t->n_running; i++) {
		struct seen *was = &t->seen[t->running[i]];

		if (was->r->tid != s->r->tid || !was->r->on_cpu || was->tick.capture ||
		    s->r->on_cpu)
			continue;
		free(was->deep);
		*was = *s;
		was->deep = keep_deep(t, s);
	}
}

static size_t find_running(struct taking *t, pid_t *ret_tids)
{
	t->n_running = 0;
	for (size_t i = 0; i < t->n && t->n_running < MAX_RUNNING; i++) {
		if (!t->seen[i].r->on_cpu || t->seen[i].tick.capture)
			continue;
		ret_tids[t->n_running] = (pid_t)t->seen[i].r->tid;
		t->running[t->n_running++] = i;
	}
	return t->n_running;
}

/* The next tick of the threads that run; those that wait by then are read again. */
static int take_running(struct taking *t, pid_t pid, struct err *err)
{
	pid_t tids[MAX_RUNNING];
	size_t n;

	for (int round = 1; round < ROUNDS && (n = find_running(t, tids)); round++) {
		struct running_tick *ticks = running_ticks(tids, n);
		size_t n_seen = 0;

		for (size_t i = 0; i < n; i++) {
			if (!ticks[i].capture)
				continue;
			t->seen[t->running[i]].tick = ticks[i];
			ticks[i].capture = NULL;
			n_seen++;
		}
		running_ticks_free(ticks, n);
		if (n_seen == n)
			break;
		if (read_threads(t->snapshotter, pid, &t->bytes[round], err))
			return err->code;
		each_record(t, &t->bytes[round], replace_running);
	}
	return 0;
}

/* -- unwinding -- */

static struct space *snapshot_space_of(struct taking *t, pid_t pid)
{
	struct space *space = spaces_get(&t->spaces, pid);

	if (!space->scanned)
		space_scan(space, t->place->images);
	space->scanned = true;
	return space;
}

/* Unwinds, waiting for the tables it takes. */
static void unwind(struct taking *t, const struct capture *c, struct captured *ret)
{
	for (int i = 0; !capture_unwind(c, ret) && i < MAX_TABLE_WAITS; i++)
		tables_take(t->place->tables, true);
}

/* More of the stack, if it is still what it was where it had been read. Returns its bytes. */
static size_t snapshot_read_more(struct taking *t, const struct seen *s)
{
	size_t n = process_read((pid_t)s->r->tid, s->r->stack_start, t->more, MAX_STACK_BYTES);

	if (n < s->r->stack_bytes || memcmp(t->more, s->stack, s->r->stack_bytes) != 0)
		return 0;
	return n;
}

/* What both kinds have in common. */
static struct capture capture_in(const struct taking *t, const struct space *space)
{
	return (struct capture){
		.space = space,
		.images = t->place->images,
		.tables = t->place->tables,
		.store = t->place->store,
		.present = ~0ull,
		.max_depth = MAX_USER_FRAMES,
	};
}

static void unwind_waiting(struct taking *t, const struct seen *s, struct space *space,
			   struct captured *ret)
{
	struct capture c = capture_in(t, space);

	c.registers = (const uint64_t *)s->r->registers;
	c.is_return = s->r->syscall != ~0ull;
	c.stack = s->stack;
	c.start = s->r->stack_start;
	c.n_stack = s->r->stack_bytes;
	if (s->deep) {
		c.stack = s->deep;
		c.n_stack = s->r->deep_bytes;
	}
	unwind(t, &c, ret);
	if (ret->end != WALK_UNREADABLE)
		return;
	c.n_stack = snapshot_read_more(t, s);
	c.stack = t->more;
	if (c.n_stack)
		unwind(t, &c, ret);
}

static void unwind_running(struct taking *t, const struct seen *s, struct space *space,
			   struct captured *ret)
{
	const struct capture_record *r = s->tick.capture;
	struct capture c = capture_in(t, space);

	c.registers = (const uint64_t *)r->registers;
	c.is_return = r->is_return;
	c.stack = (const uint8_t *)(r + 1);
	c.start = capture_start(r);
	c.n_stack = r->stack_bytes;
	unwind(t, &c, ret);
}

/* Gives the kernel's part an id, as if it had come from the sampler. */
static uint64_t kernel_stack(struct taking *t, const uint64_t *frames, uint32_t n)
{
	struct kernel_stack_record r;

	if (!kernel_stack_make(&r, frames, n))
		return STACK_NONE;
	resolved_add_kernel(t->place->resolved, &r.head);
	return r.head.id;
}

/* The root end of a stack that is deeper than a walk goes; NULL: it is not to be had. */
static const struct root_part *snapshot_find_root(struct taking *t, const struct capture *with,
						  const struct seen *s,
						  const struct capture_rest *rest,
						  struct root_part *room)
{
	struct capture_rest now = *rest;
	enum deep_result result = DEEP_WAIT;

	now.is_now = true;
	for (int i = 0; result == DEEP_WAIT && i < MAX_TABLE_WAITS; i++) {
		result = deeps_find(t->deeps, with, (pid_t)s->r->tid, &now, room);
		if (result == DEEP_WAIT)
			tables_take(t->place->tables, true);
	}
	return result == DEEP_FOUND ? room : NULL;
}

static stack_id stack_of(struct taking *t, const struct seen *s)
{
	struct captured *captured;
	const struct root_part *root = NULL;
	struct root_part room;
	struct capture with;
	struct count_key key = {.tgid = s->r->tgid};
	bool missing;

	if (s->tick.capture)
		key.kernel_stack = kernel_stack(t, s->tick.kernel, s->tick.n_kernel);
	else if (!s->r->on_cpu)
		key.kernel_stack = kernel_stack(t, s->kernel, s->r->n_kernel);
	if (!s->r->has_user)
		return resolved_find(t->place->resolved, &key, 1, &missing);
	if (s->r->is_compat || (s->r->on_cpu && !s->tick.capture))
		return stacks_push(&t->place->p->stacks, NO_ID,
				   profile_add_note(t->place->p, s->r->is_compat
									 ? "[32-bit code]"
									 : "[running: not seen]"));
	captured = mem_alloc(sizeof(*captured));
	if (s->tick.capture)
		unwind_running(t, s, snapshot_space_of(t, (pid_t)s->r->tgid), captured);
	else
		unwind_waiting(t, s, snapshot_space_of(t, (pid_t)s->r->tgid), captured);
	if (captured->end == WALK_DEPTH) {
		with = capture_in(t, snapshot_space_of(t, (pid_t)s->r->tgid));
		root = snapshot_find_root(t, &with, s, &captured->rest, &room);
	}
	key.user_stack = resolved_new_id(t->place->resolved);
	resolved_add_captured(t->place->resolved, key.user_stack, captured,
			      snapshot_space_of(t, (pid_t)s->r->tgid), monotonic_ns(), false, root);
	free(captured);
	return resolved_find(t->place->resolved, &key, 1, &missing);
}

/* -- the threads -- */

/* The letter that /proc shows (fs/proc/array.c). */
static char state_of(const struct snapshot_record *r)
{
	static const struct {
		uint32_t bits;
		char letter;
	} letters[] = {{0x402, 'I'}, {1, 'S'},    {2, 'D'},    {4, 'T'},
		       {8, 't'},     {0x10, 'X'}, {0x20, 'Z'}, {0x40, 'P'}};

	/* Idle: uninterruptible, and not counted as load. */
	if ((r->state & letters[0].bits) == letters[0].bits)
		return 'I';
	for (size_t i = 1; i < ARRAY_SIZE(letters); i++)
		if (r->state & letters[i].bits)
			return letters[i].letter;
	return 'R';
}

static void snapshot_add_thread(struct taking *t, const struct seen *s, struct snapshot *ret)
{
	struct snapshot_thread *thread;

	array_reserve(ret->threads, ret->cap, ret->n + 1);
	thread = &ret->threads[ret->n++];
	*thread = (struct snapshot_thread){
		.pid = (pid_t)s->r->tgid,
		.tid = (pid_t)s->r->tid,
		.running = s->r->on_cpu,
		.state = s->r->on_cpu ? 'R' : state_of(s->r),
		.syscall = s->r->on_cpu || !s->r->has_user || s->r->syscall > INT32_MAX
				   ? -1
				   : (int64_t)s->r->syscall,
		.wait_ns = s->r->on_cpu ? 0 : s->r->off_ns,
		.stack = stack_of(t, s),
	};
	memcpy(thread->process, s->r->process, sizeof(thread->process));
	memcpy(thread->thread, s->r->thread, sizeof(thread->thread));
}

static int snapshot_take_all(struct taking *t, pid_t pid, struct snapshot *ret, struct err *err)
{
	uint64_t start = monotonic_ns();

	if (read_threads(t->snapshotter, pid, &t->bytes[0], err))
		return err->code;
	each_record(t, &t->bytes[0], add_seen);
	if (!t->n) {
		err_set(err, -ESRCH, "the kernel shows no thread of process %d", pid);
		return err_cure(err, "it has ended, or is protected");
	}
	if (take_running(t, pid, err))
		return err->code;
	for (size_t i = 0; i < t->n; i++)
		snapshot_add_thread(t, &t->seen[i], ret);
	ret->took_ns = monotonic_ns() - start;
	return 0;
}

int snapshot_take(struct snapshotter *s, const struct snapshot_place *place, pid_t pid,
		  struct snapshot *ret, struct err *err)
{
	struct taking t = {.snapshotter = s, .place = place};
	int code;

	if (pid && !process_exists(pid)) {
		err_set(err, -ESRCH, "no process with pid %d", pid);
		return err_cure(err, thread_exists(pid) ? "it is a thread: give its process"
							: "'ps -e' lists those that run");
	}
	/* The kernel's numbers would be taken for those of /proc here. */
	if (targets_check_namespace(err))
		return err->code;
	t.more = mem_alloc(MAX_STACK_BYTES);
	t.deeps = deeps_new(NULL);
	code = snapshot_take_all(&t, pid, ret, err);
	for (size_t i = 0; i < t.n; i++) {
		free(t.seen[i].tick.capture);
		free(t.seen[i].deep);
	}
	for (int i = 0; i < ROUNDS; i++)
		str_release(&t.bytes[i]);
	free(t.seen);
	free(t.more);
	deeps_free(t.deeps);
	spaces_release(&t.spaces);
	resolved_settle(place->resolved, true);
	return code;
}

void snapshot_release(struct snapshot *s)
{
	free(s->threads);
	*s = (struct snapshot){0};
}
