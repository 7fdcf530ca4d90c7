/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine that is played back from a log. */
#include "replay/world.h"

#include "base/map.h"
#include "base/mem.h"
#include "collect/kernel.h"
#include "collect/sampler.h"
#include "collect/source.h"
#include "proc/procfs.h"
#include "replay/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { STORE_BYTES = 8 << 20, MAX_LINES = 100000 };

/* Lines that have arrived and were not read yet. */
struct lines {
	char **at;
	size_t n, cap;
};

struct kernel {
	int event_fd;
	uint64_t seen_full;
	char *store;
	struct map64 processes; /* tgid -> struct process_maps * */
};

static struct world {
	struct world_options o;
	char *text, *folder;
	char **lines;
	size_t n, at;
	uint64_t now_ns;
	struct lines ring, side, counts, exited;
	struct stats stats;
	uint64_t counted;
	unsigned loaded;
	unsigned captures;
	uint64_t captured_ns;   /* the first one */
	int unanswered;         /* pages */
	struct map64 published; /* pid -> 1 */
} world;

static void lines_add(struct lines *l, char *line)
{
	array_reserve(l->at, l->cap, l->n + 1);
	l->at[l->n++] = line;
}

static void lines_release(struct lines *l)
{
	free(l->at);
	*l = (struct lines){0};
}

/* -- the log -- */

static void die(const char *path)
{
	fprintf(stderr, "%s cannot be read, or is too long\n", path);
	abort();
}

void world_open(const char *path, const struct world_options *o)
{
	FILE *f = fopen(path, "r");
	size_t bytes;

	world = (struct world){.o = o ? *o : (struct world_options){0}};
	if (!f)
		die(path);
	fseek(f, 0, SEEK_END);
	bytes = (size_t)ftell(f);
	rewind(f);
	world.text = mem_alloc(bytes + 1);
	if (fread(world.text, 1, bytes, f) != bytes)
		die(path);
	fclose(f);
	world.folder = mem_strdup(path);
	*strrchr(world.folder, '/') = '\0';
	world.lines = mem_array(MAX_LINES, sizeof(char *));
	for (char *line = strtok(world.text, "\n"); line; line = strtok(NULL, "\n")) {
		if (world.n == MAX_LINES)
			die(path);
		world.lines[world.n++] = line;
	}
	/* The time at which it begins: that of the first batch, less the time between two looks. */
	for (size_t i = 0; i < world.n && !world.now_ns; i++)
		if (log_is(world.lines[i], "time"))
			world.now_ns = log_number(world.lines[i], "ns") - 200000000;
}

void world_close(void)
{
	lines_release(&world.ring);
	lines_release(&world.side);
	lines_release(&world.counts);
	lines_release(&world.exited);
	map64_release(&world.published);
	free(world.text);
	free(world.folder);
	free(world.lines);
	world = (struct world){0};
}

static bool is_side(const char *line)
{
	size_t bytes;
	struct side_record *r = log_read_side(line, "", &bytes);
	bool is = r;

	if (is && r->type == SIDE_EXIT && r->pid == r->tid)
		lines_add(&world.exited, (char *)line);
	free(r);
	return is;
}

bool world_next(bool *ret_drain, bool *ret_tick)
{
	*ret_drain = *ret_tick = false;
	for (; world.at < world.n; world.at++) {
		char *line = world.lines[world.at];

		if (log_is(line, "time")) {
			world.now_ns = log_number(line, "ns");
			*ret_drain = log_number(line, "drain");
			*ret_tick = log_number(line, "tick");
			world.at++;
			return true;
		}
		if (log_is(line, "count"))
			lines_add(&world.counts, line);
		else if (log_is(line, "stats"))
			log_read_stats(line, &world.stats);
		else if (is_side(line))
			lines_add(&world.side, line);
		else if (!log_is(line, "maps") && !log_is(line, "pmap") && line[0] != '#')
			lines_add(&world.ring, line);
	}
	return false;
}

bool world_has(const char *kind)
{
	for (size_t i = 0; i < world.n; i++)
		if (log_is(world.lines[i], kind))
			return true;
	return false;
}

pid_t world_target(void)
{
	for (size_t i = 0; i < world.n; i++)
		if (log_is(world.lines[i], "maps"))
			return (pid_t)log_number(world.lines[i], "pid");
	return 0;
}

uint64_t world_counted(void)
{
	return world.counted;
}

uint64_t world_taken(void)
{
	return world.stats.taken;
}

unsigned world_loaded(void)
{
	return world.loaded;
}

unsigned world_captures(void)
{
	return world.captures;
}

bool world_waits_for(pid_t pid)
{
	uint64_t yes;

	return world.captured_ns && world.now_ns - world.captured_ns > 10000000 &&
	       !map64_find(&world.published, (uint32_t)pid, &yes);
}

int world_unanswered(void)
{
	return world.unanswered;
}

/* -- the clock and /proc -- */

int __real_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	if (!world.text)
		return __real_clock_gettime(clock, ret);
	ret->tv_sec = (time_t)(world.now_ns / 1000000000);
	ret->tv_nsec = (long)(world.now_ns % 1000000000);
	return 0;
}

/* A process that the log does not see ending is there. */
bool __wrap_process_exists(pid_t pid);
bool __wrap_process_exists(pid_t pid)
{
	for (size_t i = 0; i < world.exited.n; i++)
		if ((pid_t)log_number(world.exited.at[i], "pid") == pid)
			return false;
	return true;
}

/* What was read of the process when the log was made; of several times that which is next. */
int __wrap_pmaps_read(pid_t pid, pmap_visit *visit, void *ctx);
int __wrap_pmaps_read(pid_t pid, pmap_visit *visit, void *ctx)
{
	auto_free char *path = mem_alloc(4096 + 1);
	size_t found = world.n;

	for (size_t i = 0; i < world.n && (found == world.n || found < world.at); i++)
		if (log_is(world.lines[i], "maps") &&
		    (pid_t)log_number(world.lines[i], "pid") == pid)
			found = i;
	if (found == world.n)
		return -ENOENT;
	for (size_t i = found + 1; i < world.n && log_is(world.lines[i], "pmap"); i++) {
		struct pmap m;

		log_read_pmap(world.lines[i], world.folder, &m, path);
		visit(ctx, &m);
	}
	return 0;
}

/* The machine's processes are not the log's. */
int __wrap_processes_each(void (*visit)(void *ctx, pid_t pid), void *ctx);
int __wrap_processes_each(void (*visit)(void *ctx, pid_t pid), void *ctx)
{
	for (size_t i = 0; i < world.n; i++)
		if (log_is(world.lines[i], "maps"))
			visit(ctx, (pid_t)log_number(world.lines[i], "pid"));
	return 0;
}

/* -- the kernel side -- */

struct kernel *kernel_new(const struct kernel_options *o, enum refusal *ret_refusal,
			  struct err *err)
{
	struct kernel *k = mem_alloc(sizeof(*k));

	(void)o, (void)err;
	if (ret_refusal)
		*ret_refusal = REFUSAL_none;
	k->event_fd = eventfd(0, EFD_CLOEXEC);
	k->store = mem_alloc(STORE_BYTES);
	world.loaded++;
	return k;
}

void kernel_free(struct kernel *k)
{
	uint64_t tgid, maps;

	if (!k)
		return;
	for (size_t cursor = 0; map64_next(&k->processes, &cursor, &tgid, &maps);)
		free((void *)(uintptr_t)maps);
	map64_release(&k->processes);
	close(k->event_fd);
	free(k->store);
	free(k);
}

const char *kernel_way(const struct kernel *k)
{
	(void)k;
	return "replay";
}

int kernel_program_fd(const struct kernel *k, const char *name)
{
	(void)k, (void)name;
	return -1;
}

int kernel_wait_fd(const struct kernel *k)
{
	return k->event_fd;
}

int kernel_add_target(struct kernel *k, enum target_kind kind, uint32_t id)
{
	(void)k, (void)kind, (void)id;
	return 0;
}

bool kernel_remove_target(struct kernel *k, enum target_kind kind, uint32_t id)
{
	(void)k, (void)kind, (void)id;
	return true;
}

uint32_t kernel_targets_alive(const struct kernel *k)
{
	(void)k;
	return world.at < world.n;
}

void kernel_bump_generation(struct kernel *k, uint32_t tgid)
{
	(void)k, (void)tgid;
}

void kernel_answer_capture(struct kernel *k, uint32_t tgid, uint64_t exec_id, uint32_t pages)
{
	(void)k, (void)tgid, (void)exec_id;
	world.unanswered -= (int)pages;
}

/* Visits the lines, in the order that was asked for, and forgets them. */
static void each(struct lines *l, void (*visit)(const char *line, void *ctx), void *ctx)
{
	for (size_t i = 0; i < l->n; i++)
		visit(l->at[world.o.reversed ? l->n - 1 - i : i], ctx);
	l->n = 0;
}

struct reading {
	const struct kernel *kernel;
	stack_visit *stack;
	count_visit *count;
	void *ctx;
};

/* Of whom a process was forked; 0: it was not, while the log was made. */
static uint32_t parent_of(uint32_t tgid)
{
	for (size_t i = 0; i < world.n; i++)
		if (log_is(world.lines[i], "fork") && log_number(world.lines[i], "pid") == tgid &&
		    log_number(world.lines[i], "parent") != tgid)
			return (uint32_t)log_number(world.lines[i], "parent");
	return 0;
}

/* What was published under another number when the log was made, as it is numbered now. */
static uint32_t serial_now(const struct kernel *k, uint32_t then)
{
	for (size_t i = 0; then && i < world.n; i++) {
		const struct process_maps *maps;
		uint32_t tgid;
		uint64_t at;

		if (!log_is(world.lines[i], "stack") ||
		    log_number(world.lines[i], "serial") != then)
			continue;
		tgid = (uint32_t)log_number(world.lines[i], "tgid");
		if (!map64_find(&k->processes, tgid, &at) &&
		    !map64_find(&k->processes, parent_of(tgid), &at))
			continue;
		maps = (const struct process_maps *)(uintptr_t)at;
		return (uint32_t)maps->serial;
	}
	return 0;
}

static void read_stack(const char *line, void *ctx)
{
	struct reading *r = ctx;
	size_t bytes;
	auto_free void *record = log_read_stack(line, &bytes);
	struct stack_record *head = record;

	if (!record)
		return;
	if (log_is(line, "stack"))
		head->serial = serial_now(r->kernel, head->serial);
	if (log_is(line, "capture")) {
		const struct capture_record *capture = record;

		if (!world.captures++)
			world.captured_ns = head->time_ns;
		world.unanswered += (int)capture_pages(capture->present);
	}
	r->stack(r->ctx, record, bytes);
}

/* The pieces of a capture come before it, whatever else comes when. */
static bool is_of_capture(const char *line)
{
	return log_is(line, "piece") || log_is(line, "capture");
}

void kernel_read_stacks(struct kernel *k, stack_visit *visit, void *ctx)
{
	struct reading r = {.kernel = k, .stack = visit, .ctx = ctx};
	size_t kept = 0;

	for (size_t i = 0; i < world.ring.n; i++)
		if (is_of_capture(world.ring.at[i]))
			read_stack(world.ring.at[i], &r);
		else
			world.ring.at[kept++] = world.ring.at[i];
	world.ring.n = kept;
	each(&world.ring, read_stack, &r);
}

uint32_t kernel_counts_used(const struct kernel *k)
{
	(void)k;
	return 0;
}

void kernel_flip_counts(struct kernel *k, bool quiet)
{
	(void)k, (void)quiet;
}

static void read_count(const char *line, void *ctx)
{
	struct reading *r = ctx;
	struct count_value value;
	struct count_key key;

	log_read_count(line, &key, &value);
	world.counted += value.samples;
	r->count(r->ctx, &key, &value);
}

int kernel_read_counts(struct kernel *k, count_visit *visit, void *ctx)
{
	struct reading r = {.count = visit, .ctx = ctx};

	(void)k;
	each(&world.counts, read_count, &r);
	return 0;
}

void kernel_quiesce(void)
{
}

struct kernel_store kernel_store(const struct kernel *k)
{
	return (struct kernel_store){k->store, STORE_BYTES};
}

void kernel_set_root(struct kernel *k, uint32_t tid, const struct stack_root *root)
{
	(void)k, (void)tid, (void)root;
}

bool kernel_has_root(const struct kernel *k, uint32_t tid)
{
	(void)k, (void)tid;
	return false;
}

int kernel_set_process(struct kernel *k, uint32_t tgid, const struct process_maps *maps)
{
	uint64_t old;

	if (maps)
		map64_set(&world.published, tgid, 1);
	if (map64_find(&k->processes, tgid, &old)) {
		map64_delete(&k->processes, tgid);
		free((void *)(uintptr_t)old);
	}
	if (maps)
		map64_set(&k->processes, tgid, (uintptr_t)mem_dup(maps, sizeof(*maps)));
	return 0;
}

bool kernel_get_process(const struct kernel *k, uint32_t tgid, struct process_maps *ret)
{
	uint64_t at;

	if (!map64_find(&k->processes, tgid, &at) &&
	    !map64_find(&k->processes, parent_of(tgid), &at))
		return false;
	*ret = *(struct process_maps *)(uintptr_t)at;
	return true;
}

void kernel_forget_rules(struct kernel *k)
{
	(void)k;
}

void kernel_set_epoch(struct kernel *k, uint32_t epoch)
{
	(void)k, (void)epoch;
}

void kernel_stats(const struct kernel *k, struct stats *ret)
{
	(void)k;
	*ret = world.stats;
}

bool kernel_renew_seen(struct kernel *k)
{
	bool is_full = k->seen_full != world.stats.seen_full;

	k->seen_full = world.stats.seen_full;
	return is_full;
}

bool kernel_name_address(void *kernel, uint64_t address, char *buf, size_t size)
{
	(void)kernel;
	snprintf(buf, size, "kernel_code+0x%llx/0x1000", (unsigned long long)(address & 0xfff));
	return true;
}

bool kernel_is_measured(const struct kernel *k)
{
	(void)k;
	return true;
}

uint64_t kernel_run_ns(const struct kernel *k)
{
	(void)k;
	return 0;
}

void kernel_log_runs(const struct kernel *k)
{
	(void)k;
}

/* -- perf -- */

static void read_side(const char *line, void *ctx)
{
	const struct source_visit *visit = ctx;
	size_t bytes;
	auto_free struct side_record *record = log_read_side(line, world.folder, &bytes);

	visit->side(visit->ctx, record, bytes);
}

static void read_sideband(void *source, const struct source_visit *visit)
{
	(void)source;
	each(&world.side, read_side, (void *)visit);
}

const struct source_type source_sideband = {.read = read_sideband};

static int set_rate(void *source, uint64_t frequency_hz, struct err *err)
{
	(void)source, (void)frequency_hz, (void)err;
	return 0;
}

static int start(void *source, struct err *err)
{
	(void)source, (void)err;
	return 0;
}

static void stop(void *source)
{
	(void)source;
}

const struct source_type source_sampler = {.start = start, .stop = stop, .set_rate = set_rate};

int sampler_check_rate(uint64_t frequency_hz, struct err *err)
{
	(void)frequency_hz, (void)err;
	return 0;
}
