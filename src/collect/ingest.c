/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns what arrives from the kernel into samples of a profile. */
#include "collect/ingest.h"

#include "base/hash.h"
#include "base/mem.h"
#include "collect/identity.h"
#include "collect/stacks.h"
#include "maps/spaces.h"
#include "proc/pmaps.h"
#include "proc/procfs.h"

#include <string.h>

/* More executable mappings than the kernel allows by default (vm.max_map_count). */
enum { MAX_SPACE_MAPS = 65536 };

/* One record waiting for its turn. */
struct queued {
	uint64_t time_ns;
	uint64_t order; /* of arrival, among equal times */
	void *record;
	bool is_side;
};

struct ingest {
	struct profile *p;
	struct images *images;
	struct kernel *kernel;
	struct spaces spaces;
	struct resolved *stacks;
	struct identity *identity;
	struct queued *queue;
	size_t n_queue, cap_queue;
	uint64_t order;
	struct event_columns columns[MAX_EVENTS];
	pid_t *exited;
	size_t n_exited, cap_exited;
	bool rescan;
	uint64_t samples;
	uint64_t without_stack; /* whose stack never arrived: never seen */
	uint64_t throttled_ns;
	uint64_t *throttled_since; /* by CPU */
	size_t cap_throttled;
};

struct ingest *ingest_new(struct profile *p, struct images *images, struct kernel *kernel,
			  bool want_cpu, unsigned max_depth)
{
	struct ingest *in = mem_alloc(sizeof(*in));

	in->p = p;
	in->images = images;
	in->kernel = kernel;
	in->stacks = resolved_new(p, images, max_depth);
	in->identity = identity_new(p, want_cpu);
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
	free(in->throttled_since);
	resolved_free(in->stacks);
	identity_free(in->identity);
	spaces_release(&in->spaces);
	free(in);
}

void ingest_set_columns(struct ingest *in, size_t event, const struct event_columns *columns)
{
	in->columns[event] = *columns;
}

static void queue_add(struct ingest *in, uint64_t time_ns, const void *record, size_t bytes,
		      bool is_side)
{
	array_reserve(in->queue, in->cap_queue, in->n_queue + 1);
	in->queue[in->n_queue++] =
		(struct queued){time_ns, in->order++, mem_dup(record, bytes), is_side};
}

void ingest_stack(void *ingest, const struct stack_record *record, size_t bytes)
{
	queue_add(ingest, record->time_ns, record, bytes, false);
}

void ingest_side(void *ingest, const struct side_record *record, size_t bytes)
{
	queue_add(ingest, record->time_ns, record, bytes, true);
}

/* -- who is mapped where -- */

struct scan {
	struct ingest *in;
	struct space *space;
};

static void scan_map(void *ctx, const struct pmap *m)
{
	static const struct build_id unknown;
	struct scan *scan = ctx;
	struct space_map map = {m->start, m->end, m->offset, NULL};

	if (!m->executable || m->start > INT64_MAX)
		return;
	map.image = images_add(scan->in->images, m->path, &unknown,
			       (uint64_t)m->major << 32 | m->minor, m->inode);
	if (map.image->kind != IMAGE_FILE)
		map.offset = 0;
	space_add(scan->space, &map);
}

void ingest_scan(struct ingest *in, pid_t pid)
{
	struct space *space = spaces_get(&in->spaces, pid), fresh = {0};
	struct scan scan = {in, &fresh};

	space->scanned = true;
	/* A process that is gone meanwhile keeps what was known of it. */
	if (!pmaps_read(pid, scan_map, &scan) && fresh.n)
		space_take(space, &fresh);
	free(fresh.maps);
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
	struct space_map map = {r->start, r->start + r->len, r->offset, NULL};

	if (r->start > INT64_MAX)
		return; /* kernel text */
	map.image = images_add(in->images, r->path, &r->build_id, r->device, r->inode);
	if (map.image->kind != IMAGE_FILE)
		map.offset = 0;
	/* No record tells of an unmapping: what is there really, /proc knows. */
	if (space->n >= MAX_SPACE_MAPS)
		ingest_scan(in, r->pid);
	if (space->n < MAX_SPACE_MAPS && space_add(space, &map))
		kernel_bump_generation(in->kernel, (uint32_t)r->pid);
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
		in->throttled_ns += r->time_ns - in->throttled_since[cpu];
		in->throttled_since[cpu] = 0;
	}
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
		space_clear(space);
		space->scanned = true;
		break;
	case SIDE_FORK:
		if (r->pid != r->parent)
			spaces_fork(&in->spaces, r->parent, r->pid);
		break;
	case SIDE_EXIT:
		if (r->pid != r->tid)
			break;
		array_reserve(in->exited, in->cap_exited, in->n_exited + 1);
		in->exited[in->n_exited++] = r->pid;
		break;
	case SIDE_LOST:
		in->rescan = true;
		break;
	case SIDE_THROTTLE:
	case SIDE_UNTHROTTLE:
		apply_throttle(in, r);
		break;
	}
}

/* -- stacks -- */

static void apply_stack(struct ingest *in, const struct stack_record *r)
{
	struct space *space;

	if (r->type == RECORD_KERNEL_STACK) {
		resolved_add_kernel(in->stacks, r);
		return;
	}
	space = spaces_get(&in->spaces, (pid_t)r->tgid);
	if (!space->scanned)
		ingest_scan(in, (pid_t)r->tgid);
	resolved_add_user(in->stacks, r, space);
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
	for (size_t cursor = 0; map64_next(&in->spaces.by_pid, &cursor, &pid, &space);)
		((struct space *)(uintptr_t)space)->scanned = false;
	ingest_scan_all(in);
}

void ingest_until(struct ingest *in, uint64_t time_ns)
{
	size_t done = 0;

	if (in->n_queue)
		qsort(in->queue, in->n_queue, sizeof(*in->queue), by_time);
	for (; done < in->n_queue && in->queue[done].time_ns <= time_ns; done++) {
		struct queued *q = &in->queue[done];

		if (q->is_side)
			apply_side(in, q->record);
		else
			apply_stack(in, q->record);
		free(q->record);
		if (in->rescan)
			rescan_all(in);
	}
	if (done)
		memmove(in->queue, in->queue + done, (in->n_queue - done) * sizeof(*in->queue));
	in->n_queue -= done;
}

/* -- samples -- */

void ingest_count(void *ingest, const struct count_key *key, const struct count_value *value)
{
	struct ingest *in = ingest;
	const struct event_columns *c = &in->columns[key->event % MAX_EVENTS];
	int64_t values[MAX_VALUE_TYPES] = {0};
	bool missing = false;
	stack_id stack = resolved_find(in->stacks, key, value->samples, &missing);

	if (missing)
		in->without_stack += value->samples;
	in->samples += value->samples;
	values[c->samples] = (int64_t)value->samples;
	if (c->value != NO_ID)
		values[c->value] = (int64_t)value->value;
	if (c->estimated_ns != NO_ID)
		values[c->estimated_ns] = (int64_t)((double)value->samples * c->ns_per_sample);
	profile_add_sample(in->p, stack, identity_labels(in->identity, key), values);
}

void ingest_settle(struct ingest *in, bool seen_cleared)
{
	size_t kept = 0;

	for (size_t i = 0; i < in->n_exited; i++) {
		/* A leader may end before its threads; a zombie stays until it is waited for. */
		if (process_exists(in->exited[i]))
			in->exited[kept++] = in->exited[i];
		else
			spaces_remove(&in->spaces, in->exited[i]);
	}
	in->n_exited = kept;
	resolved_settle(in->stacks, seen_cleared);
}

void ingest_account(const struct ingest *in, struct account *a)
{
	a->samples = in->samples;
	a->processes = identity_processes(in->identity);
	resolved_account(in->stacks, a);
	account_add(&a->lost_by_reason, "stack not received", in->without_stack);
	a->lost += in->without_stack;
}

uint64_t ingest_throttled_ns(const struct ingest *in, uint64_t now_ns)
{
	uint64_t ns = in->throttled_ns;

	for (size_t cpu = 0; cpu < in->cap_throttled; cpu++)
		if (in->throttled_since[cpu] && now_ns > in->throttled_since[cpu])
			ns += now_ns - in->throttled_since[cpu];
	return ns;
}
