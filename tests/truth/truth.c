/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compares our stacks with libdwfl's, sample by sample: the registers and up to 64 KB of stack come
 * with each sample, and what the kernel side made of it.
 *
 * usage: truth HZ SECONDS COMMAND...; samples the command and its children. Prints one line:
 * "samples N identical N frames N right N captured N ours-longer N cut N skipped N", before it up
 * to TRUTH_SHOW differences on stderr. "captured" samples were finished in user space.
 */
#include <elfutils/libdwfl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "collect/captures.h"
#include "collect/ingest.h"
#include "collect/kernel.h"
#include "collect/sources.h"
#include "unwind/capture.h"

enum { PAGES = 16, STORE_BYTES = 64 << 20, MAX_HELD = 1024 };

/* A process as libdwfl and we see it. */
struct process {
	struct space space;
	Dwfl *dwfl;
	bool attached;
};

struct truth {
	struct kernel *kernel;
	struct sources sources;
	struct ingest *ingest;
	struct images *images;
	struct captures *captures;
	struct str
		queue; /* records that wait for the mappings before them, each behind its length */
	struct store store;
	struct tables *tables;
	struct map64 processes;
	struct capture_record *held[MAX_HELD]; /* waiting for the witness */
	const struct capture_record *now;      /* that libdwfl unwinds */
	uint64_t frames[MAX_USER_FRAMES * 2];
	uint32_t n_frames;
	unsigned long samples, identical, n_all, n_right, captured, longer, cut, skipped, shown;
	unsigned long show;
	unsigned end; /* of our walk */
};

/* -- libdwfl -- */

static pid_t next_thread(Dwfl *dwfl, void *truth, void **state)
{
	(void)dwfl;
	if (*state)
		return 0;
	*state = truth;
	return (pid_t)((struct truth *)truth)->now->head.tgid;
}

static bool memory_read(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *ret, void *truth)
{
	const struct capture_record *c = ((struct truth *)truth)->now;
	uint64_t offset = address - capture_start(c);

	(void)dwfl;
	if (offset > c->stack_bytes || c->stack_bytes - offset < 8)
		return false;
	memcpy(ret, (const char *)(c + 1) + offset, 8);
	return true;
}

static bool set_registers(Dwfl_Thread *thread, void *truth)
{
	const struct capture_record *c = ((struct truth *)truth)->now;
	Dwarf_Word registers[N_REGS];

	for (int i = 0; i < N_REGS; i++)
		registers[i] = c->registers[i];
	return dwfl_thread_state_registers(thread, 0, N_REGS, registers);
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread,
	.memory_read = memory_read,
	.set_initial_registers = set_registers,
};

static const Dwfl_Callbacks dwfl_callbacks = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
};

static int on_frame(Dwfl_Frame *frame, void *truth)
{
	struct truth *t = truth;
	Dwarf_Addr pc;

	if (!dwfl_frame_pc(frame, &pc, NULL) || t->n_frames == ARRAY_SIZE(t->frames))
		return DWARF_CB_ABORT;
	t->frames[t->n_frames++] = pc;
	return DWARF_CB_OK;
}

static int on_thread(Dwfl_Thread *thread, void *truth)
{
	dwfl_thread_getframes(thread, on_frame, truth);
	return DWARF_CB_OK;
}

/* -- processes -- */

static void process_drop(struct truth *t, uint32_t pid)
{
	uint64_t value;
	struct process *p;

	if (!map64_find(&t->processes, pid, &value))
		return;
	map64_delete(&t->processes, pid);
	p = (struct process *)(uintptr_t)value;
	if (p->dwfl)
		dwfl_end(p->dwfl);
	free(p->space.maps);
	free(p);
}

/* More code was mapped: what generates code takes the right to execute away from it at times, so
 * that reading all mappings again would miss some. */
static void process_map(struct truth *t, const struct side_record *r)
{
	const struct space_source source = {r->start, r->start + r->len, r->offset, r->path,
					    r->file};
	uint64_t value;
	struct process *p;

	if (!map64_find(&t->processes, (uint32_t)r->pid, &value))
		return;
	p = (struct process *)(uintptr_t)value;
	space_add_source(&p->space, t->images, &source);
	if (p->dwfl)
		dwfl_end(steal(p->dwfl));
}

static struct process *process_get(struct truth *t, uint32_t pid)
{
	uint64_t value;
	struct process *p;

	if (map64_find(&t->processes, pid, &value)) {
		p = (struct process *)(uintptr_t)value;
	} else {
		p = mem_alloc(sizeof(*p));
		p->space.pid = (pid_t)pid;
		space_scan(&p->space, t->images);
		map64_set(&t->processes, pid, (uintptr_t)p);
	}
	if (p->dwfl)
		return p;
	p->dwfl = dwfl_begin(&dwfl_callbacks);
	dwfl_report_begin(p->dwfl);
	p->attached = !dwfl_linux_proc_report(p->dwfl, (pid_t)pid) &&
		      !dwfl_report_end(p->dwfl, NULL, NULL) &&
		      dwfl_attach_state(p->dwfl, NULL, (pid_t)pid, &thread_callbacks, t);
	return p;
}

/* -- comparing -- */

static void show(struct truth *t, const struct capture_record *c, const uint64_t *ours, uint32_t n,
		 const char *what)
{
	if (t->shown++ >= t->show)
		return;
	fprintf(stderr, "%s: pid %u, end %u (in the kernel %u), stack of %llu bytes\n", what,
		c->head.tgid, t->end, c->head.end, (unsigned long long)c->stack_bytes);
	for (uint32_t i = 0; i < n || i < t->n_frames; i++) {
		uint64_t a = i < n ? ours[i] & FRAME_ADDRESS : 0,
			 b = i < t->n_frames ? t->frames[i] : 0;
		uint64_t value;
		struct process *p = map64_find(&t->processes, c->head.tgid, &value)
					    ? (struct process *)(uintptr_t)value
					    : NULL;
		const struct space_map *m = p ? space_find(&p->space, a ? a : b) : NULL;

		if (a != b || i + 3 > n || i < 2)
			fprintf(stderr, "  %3u ours %12llx dwfl %12llx  %s+%llx\n", i,
				(unsigned long long)a, (unsigned long long)b,
				m ? image_name(m->image) : "?",
				m ? (unsigned long long)((a ? a : b) - m->start + m->offset) : 0);
	}
}

/* How many frames are the same from the leaf on. */
static uint32_t same_frames(const struct truth *t, const uint64_t *ours, uint32_t n)
{
	uint32_t i = 0;

	while (i < n && i < t->n_frames && (ours[i] & FRAME_ADDRESS) == t->frames[i])
		i++;
	return i;
}

static void compare(struct truth *t, const struct capture_record *c, const uint64_t *ours,
		    uint32_t n, unsigned end)
{
	uint32_t same = same_frames(t, ours, n);
	bool complete = end == WALK_FIRST || end == WALK_ZERO;

	t->end = end;
	t->samples++;
	t->n_all += n;
	if (same == n && same == t->n_frames) {
		t->identical++;
		t->n_right += n;
	} else if (same == t->n_frames && complete) {
		/* libdwfl gave up where we went on to the thread's first function. */
		t->longer++;
		t->n_right += n;
		show(t, c, ours, n, "longer than libdwfl's");
	} else if (same == n && !complete) {
		t->cut++;
		t->n_right += n;
		t->n_all += t->n_frames - n;
		show(t, c, ours, n, "cut");
	} else {
		t->n_right += same;
		show(t, c, ours, n, "different");
	}
}

static void judge(struct truth *t, struct capture_record *c, const struct stack_record *witness)
{
	struct process *p = process_get(t, c->head.tgid);
	const uint64_t *frames = (const uint64_t *)(witness + 1) + witness->n_tail;
	const struct space_map *map = space_find(&p->space, c->registers[REG_RA]);
	struct captured *own = mem_alloc(sizeof(*own));
	struct capture capture = {
		.space = &p->space,
		.images = t->images,
		.tables = t->tables,
		.store = &t->store,
		.registers = (const uint64_t *)c->registers,
		.is_return = c->is_return,
		.stack = (const uint8_t *)(c + 1),
		.start = capture_start(c),
		.n_stack = c->stack_bytes,
		.present = c->present,
		.max_depth = MAX_USER_FRAMES,
	};
	bool in_kernel = witness->end != WALK_NOT_READY && witness->end != WALK_NO_MAPPING &&
			 witness->end != WALK_UNSUPPORTED;

	t->now = c;
	t->n_frames = 0;
	if (p->attached)
		dwfl_getthreads(p->dwfl, on_thread, t);
	/* It was gone, or another program, before we or libdwfl could look. */
	if (!t->n_frames || !map ||
	    (map->image->kind == IMAGE_FILE && !dwfl_addrmodule(p->dwfl, c->registers[REG_RA]))) {
		t->skipped++;
		free(own);
		return;
	}
	if (in_kernel) {
		compare(t, c, frames, witness->n_frames, witness->end);
	} else {
		while (!capture_unwind(&capture, own))
			tables_take(t->tables, true);
		t->captured++;
		compare(t, c, own->frames, own->n, own->end);
	}
	free(own);
}

static void on_record(void *truth, const void *record, size_t bytes)
{
	struct truth *t = truth;
	const struct stack_record *head = record;
	struct capture_record **held;
	size_t joined;

	if (head->type == RECORD_PIECE) {
		captures_piece(t->captures, record);
		ingest_record(t->ingest, record, bytes);
		return;
	}
	held = &t->held[head->id % MAX_HELD];
	if (head->type == RECORD_CAPTURE && head->top == WITNESSED) {
		free(*held);
		*held = captures_join(t->captures, record, &joined);
		if (*held)
			(*held)->head.id = head->id;
	} else if (head->type == RECORD_WITNESS) {
		if (*held && (*held)->head.id == head->id)
			judge(t, *held, head);
		free(*held);
		*held = NULL;
	} else {
		ingest_record(t->ingest, record, bytes);
	}
}

static void keep_record(void *truth, const void *record, size_t bytes)
{
	struct truth *t = truth;
	uint64_t length = bytes, zero = 0;

	str_add(&t->queue, &length, sizeof(length));
	str_add(&t->queue, record, bytes);
	str_add(&t->queue, &zero, -bytes & 7);
}

static void take_kept(struct truth *t)
{
	uint64_t length;

	for (size_t at = 0; at < t->queue.len; at += sizeof(length) + ((length + 7) & ~7ull)) {
		memcpy(&length, t->queue.text + at, sizeof(length));
		on_record(t, t->queue.text + at + sizeof(length), length);
	}
	t->queue.len = 0;
}

static void on_side(void *truth, const struct side_record *record, size_t bytes)
{
	struct truth *t = truth;

	if (record->type == SIDE_MAP)
		process_map(t, record);
	if (record->type == SIDE_EXEC ||
	    (record->type == SIDE_FORK && record->pid != record->parent))
		process_drop(t, (uint32_t)record->pid);
	ingest_side(t->ingest, record, bytes);
}

/* -- running -- */

static void ignore_move(void *ctx, const struct image *image, uint32_t table)
{
	(void)ctx, (void)image, (void)table;
}

static void quiesce(void)
{
}

static int set_up(struct truth *t, struct profile *p, uint64_t hz, struct err *err)
{
	static struct event events[MAX_EVENTS];
	size_t n_events = 0;
	static const struct cpu_list all;
	struct source_program programs[MAX_SOURCE_PROGRAMS];
	struct source_env env = {.events = events,
				 .frequency_hz = hz,
				 .cpus = &all,
				 .online = &all,
				 .by_task = true,
				 .by_tables = true};
	struct kernel_options k = {.programs = programs};
	static const struct identity_options identity;
	const struct ingest_options in = {
		.identity = &identity, .by_tables = true, .max_depth = MAX_USER_FRAMES};

	if (events_parse("cpu", events, MAX_EVENTS, &n_events, err))
		return err->code;
	env.n_events = n_events;
	k.n_programs = sources_programs(&env, programs);
	k.config = (struct config){.self_tgid = (uint32_t)getpid(),
				   .max_depth = MAX_USER_FRAMES,
				   .by_task = 1,
				   .user_stacks = 1,
				   .by_tables = 1,
				   .witness = 1,
				   .capture_pages = PAGES};
	if (getrandom(&k.config.hash_seed, sizeof(k.config.hash_seed), 0) < 0)
		return -1;
	t->kernel = kernel_new(&k, NULL, err);
	if (!t->kernel)
		return err->code;
	t->images = images_new();
	t->ingest = ingest_new(p, images_new(), t->kernel, &in);
	t->captures = captures_new();
	store_init(&t->store, mem_alloc(STORE_BYTES), STORE_BYTES);
	t->tables = tables_new(&t->store, NULL, ignore_move, quiesce, NULL);
	env.kernel = t->kernel;
	env.kernel_image = images_kernel(t->images);
	sources_open(&t->sources, &env, IN_KERNEL);
	for (int cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++)
		if (sources_add_cpu(&t->sources, cpu, err))
			return err->code;
	return 0;
}

static void take_in(struct truth *t)
{
	const struct source_visit visit = {keep_record, on_side, t};
	uint64_t now = monotonic_ns();

	/* First the samples, then the mappings: what a sample needs was mapped before it. */
	sources_read(&t->sources, &visit);
	take_kept(t);
	ingest_until(t->ingest, now - 2000000);
}

int main(int argc, char **argv)
{
	struct truth *t = mem_alloc(sizeof(*t));
	struct profile *p = mem_alloc(sizeof(*p));
	struct err err = {0};
	const char *number = getenv("TRUTH_SHOW");
	int hold[2];
	uint64_t end;
	pid_t child;

	if (argc < 4)
		return 2;
	profile_init(p);
	t->show = number ? strtoul(number, NULL, 10) : 5;
	if (pipe(hold))
		return 1;
	child = fork();
	if (!child) {
		char go;

		close(hold[1]);
		if (read(hold[0], &go, 1) == 1)
			execvp(argv[3], argv + 3);
		_exit(127);
	}
	if (set_up(t, p, strtoull(argv[1], NULL, 10), &err)) {
		fprintf(stderr, "truth: %s\n", err.what);
		return 1;
	}
	kernel_add_target(t->kernel, TARGET_PROCESS, (uint32_t)child);
	if (sources_start(&t->sources, &err))
		return 1;
	if (write(hold[1], "g", 1) != 1)
		return 1;
	end = monotonic_ns() + strtoull(argv[2], NULL, 10) * 1000000000ull;
	while (monotonic_ns() < end && kernel_targets_alive(t->kernel)) {
		struct pollfd wait = {kernel_wait_fd(t->kernel), POLLIN, 0};

		poll(&wait, 1, 2);
		take_in(t);
	}
	sources_stop(&t->sources);
	take_in(t);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	printf("samples %lu identical %lu frames %lu right %lu captured %lu longer %lu cut %lu "
	       "skipped "
	       "%lu\n",
	       t->samples, t->identical, t->n_all, t->n_right, t->captured, t->longer, t->cut,
	       t->skipped);
	return 0;
}
