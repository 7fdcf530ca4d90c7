/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns what arrives from the kernel into samples of a profile. */
#include "collect/ingest.h"

#include "abi/unwind_frame.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "collect/captures.h"
#include "collect/deep.h"
#include "collect/identity.h"
#include "collect/mappings.h"
#include "collect/publish.h"
#include "collect/queue.h"
#include "collect/resolved.h"
#include "collect/throttle.h"

/* Captures of so many pages of a process are answered in so much time, and that is the most that it
 * can send, whatever it does. More may wait: those of a young process, for its tables. */
#define ANSWER_NS 10000000ull
enum { ANSWERED_PAGES = 256, PAGES_OF_UNWINDING = 4 /* that it costs as much as */ };

/* A store too small for the tables of one stack would have them evict each other for ever. */
enum { MAX_TABLES_WAITED = 256 };

/* So long is worked before what has come meanwhile is read: it has to fit into the ring. */
#define SLICE_NS 20000000ull

/* Captures that wait for their turn or for a table; beyond, they are kept without frames. */
#define MAX_QUEUED_BYTES (144ull << 20)

struct answer {
	uint32_t tgid, pages;
	uint64_t exec_id;
};

/* A count whose value is not known until all of its drain are in. */
struct counted {
	struct count_key key;
	stack_id stack;
	uint64_t samples, value;
	uint32_t thread; /* of runtimes */
};

struct ingest {
	struct profile *p;
	struct images *images;
	struct kernel *kernel; /* NULL: nothing walks there, all stacks are captures, and whole */
	struct mappings *mappings;
	struct resolved *stacks;
	struct identity *identity;
	struct captures *captures;
	struct publish *publish; /* NULL: by frame pointers alone */
	struct deeps *deeps;     /* the same */
	struct ingest_options o;
	struct queue queue;
	bool waits; /* the head of the queue, for a table */
	uint64_t waits_since;
	uint64_t slice_ends_ns; /* 0: it has not begun */
	struct answer *answers; /* captures that were worked off and not yet answered */
	size_t n_answers, cap_answers;
	uint64_t answered_ns;
	struct throttle throttle;
	struct runtimes *runtimes; /* NULL: values are what samples say */
	uint32_t scaled;           /* events, one bit each */
	struct counted *counted;   /* of them, in this drain */
	size_t n_counted, cap_counted;
	uint64_t samples;
	uint64_t without_stack; /* whose stack never arrived: never seen */
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
	in->deeps = o->by_tables ? deeps_new(kernel) : NULL;
	in->mappings = mappings_new(images, kernel, in->publish);
	return in;
}

void ingest_free(struct ingest *in)
{
	if (!in)
		return;
	queue_release(&in->queue);
	throttle_release(&in->throttle);
	free(in->answers);
	free(in->counted);
	mappings_free(in->mappings);
	publish_free(in->publish);
	deeps_free(in->deeps);
	captures_free(in->captures);
	resolved_free(in->stacks);
	identity_free(in->identity);
	free(in);
}

void ingest_set_rate(struct ingest *in, uint64_t frequency_hz, uint64_t now_ns)
{
	throttle_set_rate(&in->throttle, (uint32_t)MIN(frequency_hz, (uint64_t)JOURNAL_MAX_RATE),
			  now_ns);
}

void ingest_scan(struct ingest *in, pid_t pid)
{
	mappings_scan(in->mappings, pid);
}

void ingest_scan_all(struct ingest *in)
{
	mappings_scan_all(in->mappings);
}

struct publish *ingest_publish(struct ingest *in)
{
	return in->publish;
}

/* -- what arrives -- */

static void note_answer(struct ingest *in, const struct capture_record *c)
{
	if (!in->kernel)
		return;
	array_reserve(in->answers, in->cap_answers, in->n_answers + 1);
	in->answers[in->n_answers++] =
		(struct answer){c->head.tgid, capture_pages(c->present), c->exec_id};
}

static void answer_captures(struct ingest *in)
{
	uint64_t now_ns = monotonic_ns();
	struct map64 answered = {0}; /* of a process */
	size_t later = 0;

	if (!in->n_answers || now_ns < in->answered_ns + ANSWER_NS)
		return;
	for (size_t i = 0; i < in->n_answers; i++) {
		const struct answer *a = &in->answers[i];
		uint64_t pages = 0;

		map64_find(&answered, a->tgid, &pages);
		map64_set(&answered, a->tgid, pages + a->pages + PAGES_OF_UNWINDING);
		if (pages < ANSWERED_PAGES)
			kernel_answer_capture(in->kernel, a->tgid, a->exec_id, a->pages);
		else
			in->answers[later++] = *a;
	}
	map64_release(&answered);
	in->n_answers = later;
	in->answered_ns = now_ns;
}

static void add_capture(struct ingest *in, const struct capture_record *c, size_t bytes)
{
	struct capture_record *joined = NULL;

	if (in->queue.bytes < MAX_QUEUED_BYTES)
		joined = in->kernel ? captures_join(in->captures, c, &bytes) : mem_dup(c, bytes);
	if (joined) {
		queue_add(&in->queue, c->head.time_ns, joined, bytes, false);
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
	else if (head->type == RECORD_ROOT)
		deeps_take_end(in->deeps, record);
	else
		queue_add(&in->queue, head->time_ns, mem_dup(record, bytes), bytes, false);
}

void ingest_side(void *ingest, const struct side_record *record, size_t bytes)
{
	queue_add(&((struct ingest *)ingest)->queue, record->time_ns, mem_dup(record, bytes), bytes,
		  true);
}

static bool leads_nowhere(const struct capture_record *r, const struct captured *captured)
{
	return r->head.end == WALK_NO_MAPPING &&
	       (captured->end == WALK_NOT_CODE || captured->end == WALK_NO_MAPPING);
}

/* -- stacks -- */

static void ingest_add_sample(struct ingest *in, const struct count_key *key, stack_id stack,
			      uint64_t samples, uint64_t value)
{
	const struct journal_entry e = {
		.stack = stack,
		.labels = identity_labels(in->identity, key),
		.block = key->block,
		.event = key->event % MAX_EVENTS,
		.rate_hz = in->throttle.rate_hz,
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

/* What all stacks of a process are unwound with. */
static struct capture ingest_capture_in(const struct ingest *in, const struct space *space)
{
	return (struct capture){
		.space = space,
		.images = in->images,
		.tables = publish_tables(in->publish),
		.store = publish_store(in->publish),
		.max_depth = in->o.max_depth,
	};
}

/* The root end of a stack that is deeper than its walk went, if it is to be had. Returns false when
 * it has to wait for a table. */
static bool find_root(struct ingest *in, const struct space *space, pid_t tid,
		      const struct capture_rest *rest, struct root_part *room,
		      const struct root_part **ret)
{
	const struct capture with = ingest_capture_in(in, space);
	enum deep_result result = DEEP_NONE;

	if (in->o.max_depth == MAX_USER_FRAMES)
		result = deeps_find(in->deeps, &with, tid, rest, room);
	if (result == DEEP_WAIT && !has_waited_enough(in))
		return false;
	*ret = result == DEEP_FOUND ? room : NULL;
	return true;
}

/* Returns false when it has to wait for a table. */
static bool apply_stack(struct ingest *in, const struct stack_record *r)
{
	const struct space *space = mappings_of(in->mappings, r);
	const uint64_t *tail = (const uint64_t *)(r + 1);
	const struct root_part *root = NULL;
	struct capture_rest rest;
	struct root_part room;

	if (in->publish && r->end == WALK_DEPTH && r->n_tail > REST_ROOT &&
	    !resolved_is_known(in->stacks, r->id)) {
		rest = (struct capture_rest){.pc = tail[REST_PC],
					     .sp = r->cfa,
					     .fp = r->fp,
					     .exact = tail[REST_FLAGS] & REST_EXACT,
					     .fp_unknown = tail[REST_FLAGS] & REST_FP_UNKNOWN,
					     .guessed = tail[REST_FLAGS] & REST_GUESSED,
					     .root_sum = tail[REST_ROOT]};
		deeps_add_end(in->deeps, r->id, &rest);
		if (!find_root(in, space, (pid_t)tail[REST_TID], &rest, &room, &root))
			return false;
		in->waits = false;
	}
	resolved_add_user(in->stacks, r, space, root);
	return true;
}

/* Unwinds a captured stack, and publishes its process, so that the next one need not be captured.
 * Returns false when it has to wait for a table. */
static bool apply_capture(struct ingest *in, const struct capture_record *r)
{
	struct space *space = mappings_of(in->mappings, &r->head);
	struct capture capture = ingest_capture_in(in, space);
	auto_free struct captured *captured = mem_alloc(sizeof(*captured));
	const struct root_part *root = NULL;
	struct root_part room;

	capture.registers = (const uint64_t *)r->registers;
	capture.is_return = r->is_return;
	capture.stack = (const uint8_t *)(r + 1);
	capture.start = capture_start(r);
	capture.n_stack = r->stack_bytes;
	capture.present = r->present;
	if (!capture_unwind(&capture, captured) && !has_waited_enough(in))
		return false;
	/* A process that begins on an empty stack: what looks like a return address is none. */
	if (r->leaf_call == LEAF_CALL_BIRTH && captured->n <= 2) {
		captured->n = 1;
		captured->end = WALK_FIRST;
	}
	/* Moved mappings (mremap) make no record. Those known stay: code that is being generated
	 * may not be executable at the moment. */
	if (leads_nowhere(r, captured) && mappings_look(in->mappings, space, r->head.time_ns) &&
	    !capture_unwind(&capture, captured) && !has_waited_enough(in))
		return false;
	if (captured->end == WALK_DEPTH) {
		/* As far as it goes, the capture itself is of the sample. */
		captured->rest.start = capture.start;
		captured->rest.words = (const uint64_t *)capture.stack;
		captured->rest.n_words = capture.n_stack / sizeof(uint64_t);
		deeps_add_end(in->deeps, r->head.id, &captured->rest);
		if (!find_root(in, space, 0, &captured->rest, &room, &root))
			return false;
	}
	in->waits = false;
	if (leads_nowhere(r, captured))
		publish_note_futile(in->publish, space->pid);
	if (r->head.end != WALK_UNSUPPORTED && in->kernel)
		publish_space(in->publish, space, r->start_ns, r->exec_id);
	resolved_add_captured(in->stacks, r->head.id, captured, space, r->head.time_ns,
			      r->leaf_call == LEAF_CALL_EXEC, root);
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
		return apply_stack(in, r);
	}
}

static void apply_side(struct ingest *in, const struct side_record *r)
{
	if (r->type == SIDE_THROTTLE || r->type == SIDE_UNTHROTTLE)
		throttle_take(&in->throttle, r);
	else
		mappings_take(in->mappings, r);
}

static bool apply(void *ingest, const struct queued *q)
{
	struct ingest *in = ingest;
	uint64_t now = monotonic_ns();

	if (!in->slice_ends_ns)
		in->slice_ends_ns = now + SLICE_NS;
	else if (now >= in->slice_ends_ns)
		return false;
	if (!q->is_side)
		return apply_record(in, q->record);
	apply_side(in, q->record);
	return true;
}

bool ingest_until(struct ingest *in, uint64_t time_ns)
{
	bool all;

	if (in->publish)
		tables_take(publish_tables(in->publish), false);
	in->slice_ends_ns = 0;
	all = queue_until(&in->queue, time_ns, apply, in);
	mappings_publish(in->mappings);
	answer_captures(in);
	return all;
}

bool ingest_waits(const struct ingest *in)
{
	return in->waits;
}

int ingest_wait_fd(const struct ingest *in)
{
	return in->publish ? tables_wait_fd(publish_tables(in->publish)) : -1;
}

bool ingest_is_busy(const struct ingest *in)
{
	return in->queue.n || in->n_answers;
}

/* -- samples -- */

void ingest_count(void *ingest, const struct count_key *key, const struct count_value *value)
{
	struct ingest *in = ingest;
	bool missing = false;
	stack_id stack = resolved_find(in->stacks, key, value->samples, &missing);

	if (missing)
		in->without_stack += value->samples;
	if (!(in->scaled >> key->event % MAX_EVENTS & 1)) {
		ingest_add_sample(in, key, stack, value->samples, value->value);
		return;
	}
	array_reserve(in->counted, in->cap_counted, in->n_counted + 1);
	in->counted[in->n_counted++] = (struct counted){*key, stack, value->samples, value->value,
							runtimes_add(in->runtimes, key, value)};
}

void ingest_scale(struct ingest *in, struct runtimes *runtimes, uint32_t events)
{
	in->runtimes = runtimes;
	in->scaled = runtimes ? events : 0;
}

static void add_counted(struct ingest *in)
{
	for (size_t i = 0; i < in->n_counted; i++) {
		const struct counted *c = &in->counted[i];

		ingest_add_sample(in, &c->key, c->stack, c->samples,
				  runtimes_value(in->runtimes, c->thread, c->value));
	}
	in->n_counted = 0;
	if (in->runtimes)
		runtimes_settle(in->runtimes);
}

void ingest_settle(struct ingest *in, bool seen_cleared)
{
	add_counted(in);
	mappings_settle(in->mappings);
	resolved_settle(in->stacks, seen_cleared);
	if (in->publish)
		publish_settle(in->publish);
}

void ingest_account(const struct ingest *in, struct account *a)
{
	a->samples = in->samples;
	a->processes = identity_processes(in->identity);
	a->mapping_records_lost = mappings_lost(in->mappings);
	resolved_account(in->stacks, a);
	account_add(&a->lost_by_reason, "stack not received", in->without_stack);
	a->lost += in->without_stack;
}

uint64_t ingest_throttled(const struct ingest *in, uint64_t now_ns, double seen_hz)
{
	return throttle_samples(&in->throttle, now_ns, seen_hz);
}
