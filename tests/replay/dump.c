/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes the logs that tests/replay plays back: records a program and writes down all that cprof is
 * told.
 *
 *   dump LOG [--ring BYTES] [--counts N] [--side PAGES] [--drain MS] [--poll MS] [--fp 1]
 *        [--serve SECONDS] COMMAND...
 *
 * Samples every page fault, of user code alone. --ring, --counts and --side make the kernel's
 * buffers that small, so that they run full; --poll looks only so often; --fp walks by frame
 * pointers alone; --serve begins everything anew every second, as a server does whose memory is
 * full. As root. (The linker puts these functions in front of the real ones.)
 */
#include "collect/ingest.h"
#include "collect/kernel.h"
#include "collect/perf_ring.h"
#include "collect/recording.h"
#include "live/service.h"
#include "replay/log.h"

#include <bpf/libbpf.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/mem.h"

static FILE *out;
static uint32_t ring_bytes, max_counts, side_pages;
static bool tick;

struct tee {
	void *visit, *ctx;
};

/* -- what is written down -- */

static void tee_stack(void *ctx, const void *record, size_t bytes)
{
	struct tee *t = ctx;

	log_stack(out, record);
	((stack_visit *)t->visit)(t->ctx, record, bytes);
}

void __real_kernel_read_stacks(struct kernel *k, stack_visit *visit, void *ctx);
void __wrap_kernel_read_stacks(struct kernel *k, stack_visit *visit, void *ctx);
void __wrap_kernel_read_stacks(struct kernel *k, stack_visit *visit, void *ctx)
{
	struct tee t = {visit, ctx};

	__real_kernel_read_stacks(k, tee_stack, &t);
}

void __real_ingest_side(void *ingest, const struct side_record *record, size_t bytes);
void __wrap_ingest_side(void *ingest, const struct side_record *record, size_t bytes);
void __wrap_ingest_side(void *ingest, const struct side_record *record, size_t bytes)
{
	log_side(out, record);
	__real_ingest_side(ingest, record, bytes);
}

static void put_time(bool drain)
{
	fprintf(out, "time ns=%llx", (unsigned long long)monotonic_ns());
	fprintf(out, "%s%s\n", drain ? " drain=1" : "", tick ? " tick=1" : "");
	tick = false;
}

/* All that has arrived was read. */
bool __real_ingest_until(struct ingest *in, uint64_t time_ns);
bool __wrap_ingest_until(struct ingest *in, uint64_t time_ns);
bool __wrap_ingest_until(struct ingest *in, uint64_t time_ns)
{
	put_time(false);
	return __real_ingest_until(in, time_ns);
}

static void tee_count(void *ctx, const struct count_key *key, const struct count_value *value)
{
	struct tee *t = ctx;

	log_count(out, key, value);
	((count_visit *)t->visit)(t->ctx, key, value);
}

int __real_kernel_read_counts(struct kernel *k, count_visit *visit, void *ctx);
int __wrap_kernel_read_counts(struct kernel *k, count_visit *visit, void *ctx);
int __wrap_kernel_read_counts(struct kernel *k, count_visit *visit, void *ctx)
{
	struct tee t = {visit, ctx};
	struct stats stats;
	int code = __real_kernel_read_counts(k, tee_count, &t);

	kernel_stats(k, &stats);
	log_stats(out, &stats);
	put_time(true);
	return code;
}

static void tee_pmap(void *ctx, const struct pmap *map)
{
	struct tee *t = ctx;

	log_pmap(out, map);
	((pmap_visit *)t->visit)(t->ctx, map);
}

int __real_pmaps_read(pid_t pid, pmap_visit *visit, void *ctx);
int __wrap_pmaps_read(pid_t pid, pmap_visit *visit, void *ctx);
int __wrap_pmaps_read(pid_t pid, pmap_visit *visit, void *ctx)
{
	struct tee t = {visit, ctx};

	fprintf(out, "maps pid=%x\n", (unsigned)pid);
	return __real_pmaps_read(pid, tee_pmap, &t);
}

/* -- what is made small -- */

static void set_entries(struct bpf_object *object, const char *map, uint32_t n)
{
	if (n)
		bpf_map__set_max_entries(bpf_object__find_map_by_name(object, map), n);
}

int __real_bpf_object__load_skeleton(struct bpf_object_skeleton *s);
int __wrap_bpf_object__load_skeleton(struct bpf_object_skeleton *s);
int __wrap_bpf_object__load_skeleton(struct bpf_object_skeleton *s)
{
	if (bpf_object__find_map_by_name(*s->obj, "counts_a")) {
		set_entries(*s->obj, "ring", ring_bytes);
		set_entries(*s->obj, "counts_a", max_counts);
		set_entries(*s->obj, "counts_b", max_counts);
		fprintf(out, "begin\n");
	}
	return __real_bpf_object__load_skeleton(s);
}

int __real_perf_ring_open(struct perf_ring *r, int fd, size_t pages);
int __wrap_perf_ring_open(struct perf_ring *r, int fd, size_t pages);
int __wrap_perf_ring_open(struct perf_ring *r, int fd, size_t pages)
{
	return __real_perf_ring_open(r, fd, side_pages ? side_pages : pages);
}

/* Without a rate it samples by a period. */
int __wrap_sampler_check_rate(uint64_t frequency_hz, struct err *err);
int __wrap_sampler_check_rate(uint64_t frequency_hz, struct err *err)
{
	(void)frequency_hz, (void)err;
	return 0;
}

/* -- recording -- */

static int record(struct recording_options *o, uint64_t drain_ms, int poll_ms, struct err *err)
{
	struct images *images = images_new();
	struct recording *r;
	struct profile p;
	uint64_t drained;

	profile_init(&p);
	r = recording_new(o, &p, images, err);
	if (!r || recording_start(r, err))
		return -1;
	drained = monotonic_ns();
	for (int done = 0; !done;) {
		struct pollfd fd = {recording_wait_fd(r), POLLIN, 0};

		if (poll_ms == RECORDING_POLL_MS)
			poll(&fd, 1, poll_ms);
		else
			poll(NULL, 0, poll_ms);
		done = recording_poll(r, err);
		if (drain_ms && monotonic_ns() - drained > drain_ms * 1000000) {
			drained = monotonic_ns();
			recording_drain(r, err);
		}
	}
	recording_stop(r, err);
	recording_account(r, &p.account);
	fprintf(stderr, "%llu samples, %llu lost, %llu of %llu stacks complete\n",
		(unsigned long long)p.account.samples, (unsigned long long)p.account.lost,
		(unsigned long long)p.account.user_stacks_complete,
		(unsigned long long)p.account.user_stacks);
	for (size_t i = 0; i < p.account.lost_by_reason.n; i++)
		fprintf(stderr, "  %s: %llu\n", p.account.lost_by_reason.rows[i].text,
			(unsigned long long)p.account.lost_by_reason.rows[i].count);
	recording_free(r);
	profile_release(&p);
	images_free(images);
	return err->code;
}

static int serve(const struct recording_options *o, uint64_t seconds, struct err *err)
{
	struct service_options s = {.recording = *o,
				    .names = {.no_names = true},
				    .history_ns = 600000000000ull,
				    .history_hz = o->frequency_hz,
				    .memory_bytes = 8,
				    .most_groups = 8};
	struct history *h = service_new(&s, err);
	uint64_t start = monotonic_ns(), ticked = start;

	if (!h)
		return -1;
	while (monotonic_ns() - start < seconds * 1000000000) {
		struct pollfd fd = {h->wait_fd(h), POLLIN, 0};

		poll(&fd, 1, RECORDING_POLL_MS);
		h->take(h, err);
		if (monotonic_ns() - ticked < 1000000000)
			continue;
		ticked += 1000000000;
		h->tick(h, err);
		tick = true;
		put_time(false);
	}
	h->free(h);
	return err->code;
}

int main(int argc, char **argv)
{
	struct recording_options o = {.period = 1, .max_depth = 127, .no_kernel = true};
	uint64_t drain_ms = 0, seconds = 0;
	int at = 2, poll_ms = RECORDING_POLL_MS;
	struct err err = {0};
	pid_t pid = 0;
	char *end;

	for (; at + 1 < argc && argv[at][0] == '-'; at += 2) {
		uint64_t value = strtoull(argv[at + 1], &end, 10);

		if (strcmp(argv[at], "--ring") == 0)
			ring_bytes = (uint32_t)value;
		else if (strcmp(argv[at], "--counts") == 0)
			max_counts = (uint32_t)value;
		else if (strcmp(argv[at], "--side") == 0)
			side_pages = (uint32_t)value;
		else if (strcmp(argv[at], "--drain") == 0)
			drain_ms = value;
		else if (strcmp(argv[at], "--poll") == 0)
			poll_ms = (int)value;
		else if (strcmp(argv[at], "--fp") == 0)
			o.by_frame_pointers = value;
		else if (strcmp(argv[at], "--serve") == 0)
			seconds = value;
		else
			return 2;
	}
	if (argc <= at ||
	    events_parse("page-faults", o.events, RECORDING_MAX_EVENTS, &o.n_events, &err))
		return 2;
	out = fopen(argv[1], "w");
	if (!out)
		return 1;
	fprintf(out, "# dump %s", strrchr(argv[1], '/') ? strrchr(argv[1], '/') + 1 : argv[1]);
	for (int i = 2; i < argc; i++)
		fprintf(out, " %s",
			strstr(argv[i], "/data/replay/") ? strrchr(argv[i], '/') + 1 : argv[i]);
	fprintf(out, "\n");
	if (seconds) {
		pid = fork();
		if (!pid) {
			execv(argv[at], argv + at);
			_exit(127);
		}
		poll(NULL, 0, 100);
		o.pids = &pid;
		o.n_pids = 1;
		serve(&o, seconds, &err);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	} else {
		o.command = argv + at;
		record(&o, drain_ms, poll_ms, &err);
	}
	if (err.code)
		fprintf(stderr, "dump: %s\n", err.what);
	return fclose(out) || err.code;
}
