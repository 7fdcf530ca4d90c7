/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns what arrives from the kernel into samples of a profile. */
#include "collect/ingest.h"

#include "abi/unwind_frame.h"
#include "base/hash.h"
#include "base/mem.h"
#include "collect/captures.h"
#include "collect/identity.h"
#include "collect/publish.h"
#include "collect/resolved.h"
#include "maps/spaces.h"
#include "proc/procfs.h"

#include <string.h>

/* More executable mappings than the kernel allows by default (vm.max_map_count). */
enum { MAX_SPACE_MAPS = 65536 };

/* Captures are answered no more often than this: so many as may wait for an answer are the most
 * that a process can send in that time, whatever it does. */
#define ANSWER_NS 10000000ull

/* A store too small for the tables of one stack would have them evict each other for ever. */
enum { MAX_TABLES_WAITED = 256 };

/* How often /proc is read for mappings that no record told of. */
#define LOOK_NS 1000000000ull

/* Captures that wait for their turn or for a table; beyond, they are kept without frames. */
#define MAX_QUEUED_BYTES (96ull << 20)

/* One record waiting for its turn. */
struct queued {
	uint64_t time_ns;
	uint64_t order; /* of arrival, among equal times */
	void *record;
	size_t bytes;
	bool is_side;
};

struct answer {
	uint32_t tgid;
	uint64_t exec_id;
};

struct ingest {
	struct profile *p;
	struct images *images;
	struct kernel *kernel; /* NULL: nothing walks there, all stacks are captures, and whole */
	struct spaces spaces;
	struct resolved *stacks;
	struct identity *identity;
	struct captures *captures;
	struct publish *publish; /* NULL: by frame pointers alone */
	struct ingest_options o;
	struct queued *queue;
	uint64_t queued_bytes;
	bool waits; /* the head of the queue, for a table */
	uint64_t waits_since;
	size_t n_queue, cap_queue;
	uint64_t order;
	pid_t *changed; /* processes with new mappings since the last time */
	size_t n_changed, cap_changed;
	pid_t *exited;
	size_t n_exited, cap_exited;
	struct answer *answers; /* captures that were worked off and not yet answered */
	size_t n_answers, cap_answers;
	uint64_t answered_ns;
	bool rescan;
	uint64_t side_lost; /* records */
	uint32_t rate_hz;   /* of what comes in */
	uint64_t samples;
	uint64_t without_stack;    /* whose stack never arrived: never seen */
	uint64_t throttled_ns;     /* at no rate */
	double throttled;          /* samples, at the rates of their time */
	uint64_t *throttled_since; /* by CPU */
	size_t cap_throttled;
};

struct ingest *ingest_new(struct profile *p, struct images *images, struct kernel *kernel,
			  const struct ingest_options *o)
{
	struct ingest *in = mem_alloc(sizeof(*in));

	in->p = p;
	in->images = images;
	in->kernel = kernel;
	in->o = *o;
	in->stacks = resolved_new(p, images, o->max_depth, o->by_tables);
	in->identity = identity_new(p, o->identity);
	in->captures = captures_new();
	in->publish = o->by_tables ? publish_new(kernel) : NULL;
	return in;
}

void ingest_free(struct ingest *in)
{
	if (!in)
		return;
	for (size_t i = 0; i < in->n_queue; i++)
		free(in->queue[i].record);
	free(in->queue);
	free(in->exited);
	free(in->changed);
	free(in->throttled_since);
	free(in->answers);
	publish_free(in->publish);
	captures_free(in->captures);
	resolved_free(in->stacks);
	identity_free(in->identity);
	spaces_release(&in->spaces);
	free(in);
}

static void end_throttle(struct ingest *in, size_t cpu, uint64_t now_ns)
{
	uint64_t ns = now_ns - MIN(now_ns, in->throttled_since[cpu]);

	if (in->rate_hz)
		in->throttled += (double)ns / 1e9 * in->rate_hz;
	else
		in->throttled_ns += ns;
	in->throttled_since[cpu] = 0;
}

void ingest_set_rate(struct ingest *in, uint64_t frequency_hz, uint64_t now_ns)
{
	/* Events of the old rate are held back no more: they are off. */
	for (size_t cpu = 0; cpu < in->cap_throttled; cpu++)
		if (in->throttled_since[cpu])
			end_throttle(in, cpu, now_ns);
	in->rate_hz = (uint32_t)MIN(frequency_hz, (uint64_t)JOURNAL_MAX_RATE);
}

struct publish *ingest_publish(struct ingest *in)
{
	return in->publish;
}

/* Consumes `record`. */
static void queue_add(struct ingest *in, uint64_t time_ns, void *record, size_t bytes, bool is_side)
{
	array_reserve(in->queue, in->cap_queue, in->n_queue + 1);
	in->queue[in->n_queue++] = (struct queued){time_ns, in->order++, record, bytes, is_side};
	in->queued_bytes += bytes;
}

static void note_answer(struct ingest *in, const struct capture_record *c)
{
	if (!in->kernel)
		return;
	array_reserve(in->answers, in->cap_answers, in->n_answers + 1);
	in->answers[in->n_answers++] = (struct answer){c->head.tgid, c->exec_id};
}

static void answer_captures(struct ingest *in, uint64_t now_ns)
{
	if (!in->n_answers || now_ns < in->answered_ns + ANSWER_NS)
		return;
	for (size_t i = 0; i < in->n_answers; i++)
		kernel_answer_capture(in->kernel, in->answers[i].tgid, in->answers[i].exec_id);
	in->n_answers = 0;
	in->answered_ns = now_ns;
}

static void add_capture(struct ingest *in, const struct capture_record *c, size_t bytes)
{
	struct capture_record *joined = NULL;

	if (in->queued_bytes < MAX_QUEUED_BYTES)
		joined = in->kernel ? captures_join(in->captures, c, &bytes) : mem_dup(c, bytes);
	if (joined) {
		queue_add(in, c->head.time_ns, joined, bytes, false);
	} else {
		resolved_add_torn(in->stacks, c->head.id);
		note_answer(in, c);
	}
}

void ingest_record(void *ingest, const void *record, size_t bytes)
{
	struct ingest *in = ingest;
	const struct stack_record *head = record;

	if (head->type == RECORD_PIECE)
		captures_piece(in->captures, record);
	else if (head->type == RECORD_CAPTURE)
		add_capture(in, record, bytes);
	else
		queue_add(in, head->time_ns, mem_dup(record, bytes), bytes, false);
}

void ingest_side(void *ingest, const struct side_record *record, size_t bytes)
{
	queue_add(ingest, record->time_ns, mem_dup(record, bytes), bytes, true);
}

/* -- who is mapped where -- */

/* The kernel side is to learn of the process's mappings, if it knows it. */
static void note_changed(struct ingest *in, pid_t pid)
{
	if (in->n_changed && in->changed[in->n_changed - 1] == pid)
		return;
	array_reserve(in->changed, in->cap_changed, in->n_changed + 1);
	in->changed[in->n_changed++] = pid;
}

void ingest_scan(struct ingest *in, pid_t pid)
{
	struct space *space = spaces_get(&in->spaces, pid), fresh = {.pid = pid};

	space->scanned = true;
	note_changed(in, pid);
	/* A process that is gone meanwhile keeps what was known of it. */
	if (!space_scan(&fresh, in->images) && fresh.n)
		space_take(space, &fresh);
	free(fresh.maps);
}

static bool leads_nowhere(const struct capture_record *r, const struct captured *captured)
{
	return r->head.end == WALK_NO_MAPPING &&
	       (captured->end == WALK_NOT_CODE || captured->end == WALK_NO_MAPPING);
}

static void scan_one(void *in, pid_t pid)
{
	ingest_scan(in, pid);
}

void ingest_scan_all(struct ingest *in)
{
	processes_each(scan_one, in);
}

static void apply_map(struct ingest *in, const struct side_record *r)
{
	struct space *space = spaces_get(&in->spaces, r->pid);
	const struct space_source source = {r->start, r->start + r->len, r->offset, r->path,
					    r->file};

	/* No record tells of an unmapping: what is there really, /proc knows. */
	if (space->n >= MAX_SPACE_MAPS)
		ingest_scan(in, r->pid);
	if (space->n < MAX_SPACE_MAPS && space_add_source(space, in->images, &source) && in->kernel)
		kernel_bump_generation(in->kernel, (uint32_t)r->pid);
	note_changed(in, r->pid);
}

static void apply_throttle(struct ingest *in, const struct side_record *r)
{
	size_t cpu = (size_t)r->cpu, had = in->cap_throttled;

	array_reserve(in->throttled_since, in->cap_throttled, cpu + 1);
	memset(in->throttled_since + had, 0,
	       (in->cap_throttled - had) * sizeof(*in->throttled_since));
	if (r->type == SIDE_THROTTLE) {
		in->throttled_since[cpu] = r->time_ns;
	} else if (in->throttled_since[cpu]) {
		end_throttle(in, cpu, r->time_ns);
	}
}

/* It is forgotten when its counts are in. */
static void note_exited(struct ingest *in, pid_t pid)
{
	array_reserve(in->exited, in->cap_exited, in->n_exited + 1);
	in->exited[in->n_exited++] = pid;
}

static void apply_side(struct ingest *in, const struct side_record *r)
{
	struct space *space;

	switch (r->type) {
	case SIDE_MAP:
		apply_map(in, r);
		break;
	case SIDE_EXEC:
		space = spaces_get(&in->spaces, r->pid);
		/* What was published, or inherited, is another program's. */
		if (in->publish)
			publish_forget(in->publish, r->pid);
		space_forget_generated(space);
		space_clear(space);
		space->scanned = true;
		break;
	case SIDE_FORK:
		if (r->pid == r->parent)
			break;
		spaces_fork(&in->spaces, r->parent, r->pid);
		if (in->publish)
			publish_fork(in->publish, r->parent, r->pid);
		/* Its parent's may have changed since they were published. */
		note_changed(in, r->pid);
		break;
	case SIDE_EXIT:
		if (r->pid != r->tid)
			break;
		note_exited(in, r->pid);
		break;
	case SIDE_KSYMBOL:
		/* By the end it may be gone, and the kernel would not know the name. */
		images_add_kernel_code(in->images, r->start, r->len, r->path);
		break;
	case SIDE_LOST:
		in->rescan = true;
		in->side_lost += r->lost;
		break;
	case SIDE_THROTTLE:
	case SIDE_UNTHROTTLE:
		apply_throttle(in, r);
		break;
	}
}

/* -- stacks -- */

/* Of a child that ended before it was heard of (perf's rings may have been full) its parent's
 * mappings are known, which it was walked by. */
static struct space *ingest_space_of(struct ingest *in, const struct stack_record *r)
{
	struct space *space = spaces_get(&in->spaces, (pid_t)r->tgid);
	pid_t parent;

	if (!space->scanned)
		ingest_scan(in, (pid_t)r->tgid);
	parent = in->publish && !space->n ? publish_who_has(in->publish, r->serial) : 0;
	return parent && parent != space->pid ? spaces_fork(&in->spaces, parent, space->pid)
					      : space;
}

static void ingest_add_sample(struct ingest *in, const struct count_key *key, stack_id stack,
			      uint64_t samples, uint64_t value)
{
	const struct journal_entry e = {
		.stack = stack,
		.labels = identity_labels(in->identity, key),
		.block = key->block,
		.event = key->event % MAX_EVENTS,
		.rate_hz = in->rate_hz,
		.samples = samples,
		.value = value,
	};
	int64_t values[MAX_VALUE_TYPES] = {0};

	in->samples += samples;
	if (in->o.journal) {
		journal_add(in->o.journal, &e);
		return;
	}
	columns_fill(&in->o.columns[e.event], &e, values);
	profile_add_sample(in->p, stack, e.labels, values);
}

/* Has the sample at the head of the queue waited for more tables than a stack can need? */
static bool has_waited_enough(struct ingest *in)
{
	uint64_t taken = tables_taken(publish_tables(in->publish));

	if (!in->waits)
		in->waits_since = taken;
	in->waits = true;
	return taken - in->waits_since > MAX_TABLES_WAITED;
}

/* Unwinds a captured stack, and publishes its process, so that the next one need not be captured.
 * Returns false when it has to wait for a table. */
static bool apply_capture(struct ingest *in, const struct capture_record *r)
{
	struct space *space = ingest_space_of(in, &r->head);
	const struct capture capture = {
		.space = space,
		.images = in->images,
		.tables = publish_tables(in->publish),
		.store = publish_store(in->publish),
		.registers = (const uint64_t *)r->registers,
		.is_return = r->is_return,
		.stack = (const uint8_t *)(r + 1),
		.start = capture_start(r),
		.n_stack = r->stack_bytes,
		.present = r->present,
		.max_depth = in->o.max_depth,
	};
	auto_free struct captured *captured = mem_alloc(sizeof(*captured));

	if (!capture_unwind(&capture, captured) && !has_waited_enough(in))
		return false;
	in->waits = false;
	/* A process that begins on an empty stack: what looks like a return address is none. */
	if (r->leaf_call == LEAF_CALL_BIRTH && captured->n <= 2) {
		captured->n = 1;
		captured->end = WALK_FIRST;
	}
	if (leads_nowhere(r, captured) && r->head.time_ns - space->looked_ns > LOOK_NS) {
		/* Moved mappings (mremap) make no record. Those known stay: code that is being
		 * generated may not be executable at the moment. */
		space->looked_ns = r->head.time_ns;
		space_scan(space, in->images);
		if (!capture_unwind(&capture, captured) && !has_waited_enough(in))
			return false;
	}
	if (leads_nowhere(r, captured))
		publish_note_futile(in->publish, space->pid);
	if (r->head.end != WALK_UNSUPPORTED && in->kernel)
		publish_space(in->publish, space, r->start_ns, r->exec_id);
	resolved_add_captured(in->stacks, r->head.id, captured, space, r->head.time_ns,
			      r->leaf_call == LEAF_CALL_EXEC);
	note_answer(in, r);
	return true;
}

/* Returns false when it is not this one's turn yet. */
static bool apply_record(struct ingest *in, const struct stack_record *r)
{
	switch (r->type) {
	case RECORD_KERNEL_STACK:
		resolved_add_kernel(in->stacks, r);
		return true;
	case RECORD_CAPTURE:
		return apply_capture(in, (const struct capture_record *)r);
	default:
		resolved_add_user(in->stacks, r, ingest_space_of(in, r));
		return true;
	}
}

static int by_time(const void *a, const void *b)
{
	const struct queued *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* perf's rings overflowed: what the mappings are now is the best that is known. */
static void rescan_all(struct ingest *in)
{
	uint64_t pid, space;

	in->rescan = false;
	for (size_t cursor = 0; map64_next(&in->spaces.by_pid, &cursor, &pid, &space);) {
		((struct space *)(uintptr_t)space)->scanned = false;
		if (!process_exists((pid_t)pid))
			note_exited(in, (pid_t)pid);
	}
	ingest_scan_all(in);
}

/* Works off one record; false when it has to wait. */
static bool apply(struct ingest *in, struct queued *q)
{
	if (q->is_side)
		apply_side(in, q->record);
	else if (!apply_record(in, q->record))
		return false;
	in->queued_bytes -= q->bytes;
	free(q->record);
	if (in->rescan)
		rescan_all(in);
	return true;
}

/* The kernel side learns of new mappings of processes it knows. */
static void renew_changed(struct ingest *in)
{
	for (size_t i = 0; in->publish && i < in->n_changed; i++) {
		struct space *space = spaces_find(&in->spaces, in->changed[i]);

		if (space)
			publish_renew(in->publish, space);
	}
	in->n_changed = 0;
}

bool ingest_until(struct ingest *in, uint64_t time_ns)
{
	bool waits = false;
	size_t done = 0;

	if (in->publish)
		tables_take(publish_tables(in->publish), false);
	if (in->n_queue)
		qsort(in->queue, in->n_queue, sizeof(*in->queue), by_time);
	while (done < in->n_queue && in->queue[done].time_ns <= time_ns && !waits) {
		waits = !apply(in, &in->queue[done]);
		done += !waits;
	}
	renew_changed(in);
	answer_captures(in, time_ns);
	if (done)
		memmove(in->queue, in->queue + done, (in->n_queue - done) * sizeof(*in->queue));
	in->n_queue -= done;
	return !waits;
}

int ingest_wait_fd(const struct ingest *in)
{
	return in->publish ? tables_wait_fd(publish_tables(in->publish)) : -1;
}

bool ingest_is_busy(const struct ingest *in)
{
	return in->n_queue || in->n_answers;
}

/* -- samples -- */

void ingest_count(void *ingest, const struct count_key *key, const struct count_value *value)
{
	struct ingest *in = ingest;
	bool missing = false;
	stack_id stack = resolved_find(in->stacks, key, value->samples, &missing);

	if (missing)
		in->without_stack += value->samples;
	ingest_add_sample(in, key, stack, value->samples, value->value);
}

static void forget_process(struct ingest *in, pid_t pid)
{
	spaces_remove(&in->spaces, pid);
	if (in->publish)
		publish_forget(in->publish, pid);
}

void ingest_settle(struct ingest *in, bool seen_cleared)
{
	size_t kept = 0;

	for (size_t i = 0; i < in->n_exited; i++) {
		/* A leader may end before its threads; a zombie stays until it is waited for. */
		if (process_exists(in->exited[i]))
			in->exited[kept++] = in->exited[i];
		else
			forget_process(in, in->exited[i]);
	}
	in->n_exited = kept;
	resolved_settle(in->stacks, seen_cleared);
	if (in->publish)
		publish_settle(in->publish);
}

void ingest_account(const struct ingest *in, struct account *a)
{
	a->samples = in->samples;
	a->processes = identity_processes(in->identity);
	a->mapping_records_lost = in->side_lost;
	resolved_account(in->stacks, a);
	account_add(&a->lost_by_reason, "stack not received", in->without_stack);
	a->lost += in->without_stack;
}

uint64_t ingest_throttled(const struct ingest *in, uint64_t now_ns, double seen_hz)
{
	double rate = in->rate_hz ? in->rate_hz : seen_hz;
	double samples = in->throttled + (double)in->throttled_ns / 1e9 * seen_hz;

	for (size_t cpu = 0; cpu < in->cap_throttled; cpu++)
		if (in->throttled_since[cpu] && now_ns > in->throttled_since[cpu])
			samples += (double)(now_ns - in->throttled_since[cpu]) / 1e9 * rate;
	return (uint64_t)samples;
}
