/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long threads have run. */
#include "collect/runtimes.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "proc/procfs.h"

#include <stdlib.h>

enum {
	MAX_SCALE = 8, /* of what samples say in one drain; what is beyond waits for the next */
	MAX_READ = 1 << 13,
};

static const uint64_t max_read_ns = 50000000;

struct thread {
	uint32_t tid;
	uint32_t event;
	uint32_t process;
	uint64_t start_ns; /* of its process */
	uint64_t exec_id;
	uint64_t base;  /* what it had run before it was sampled */
	uint64_t last;  /* and up to its last sample of the drains so far */
	uint64_t given; /* of it, to their samples */
	bool is_old;    /* it is in a drain before this one */
	/* Of this drain. */
	uint64_t value, wanted, passed, samples;
	uint64_t first_runtime, last_runtime;
};

struct runtimes {
	bool whole;          /* all that a thread runs is sampled */
	struct map64 before; /* tid -> what it had run when sampling began */
	bool tells;          /* the kernel says more than 0 of them */
	bool knows_all;      /* who is not in there was born later */
	struct map64 after;  /* the same as `before`, when it ended */
	bool ended;
	uint64_t began_ns;       /* CLOCK_BOOTTIME */
	struct map64 first_exec; /* hash of a process -> its program when it was first sampled */
	struct map by_key;
	struct map64 newest; /* tid -> the last thread that had it, with its last program */
	struct thread *threads;
	size_t n, cap;
	uint64_t read_until_ns;
	size_t n_read;
};

struct runtimes *runtimes_new(bool whole, uint64_t began_ns)
{
	struct runtimes *r = mem_alloc(sizeof(*r));

	r->whole = r->knows_all = whole;
	r->began_ns = began_ns;
	return r;
}

void runtimes_free(struct runtimes *r)
{
	if (!r)
		return;
	map64_release(&r->before);
	map64_release(&r->after);
	map64_release(&r->first_exec);
	map_release(&r->by_key);
	map64_release(&r->newest);
	free(r->threads);
	free(r);
}

/* -- the beginning and the end -- */

/* Who waits for it has waited long enough. */
static bool reads_enough(const struct runtimes *r)
{
	return r->n_read >= MAX_READ || monotonic_ns() > r->read_until_ns;
}

static void reading_begins(struct runtimes *r)
{
	r->n_read = 0;
	r->read_until_ns = monotonic_ns() + max_read_ns;
}

static void read_before(void *runtimes, pid_t tid)
{
	struct runtimes *r = runtimes;
	uint64_t ns;

	if (!reads_enough(r) && thread_runtime(tid, &ns)) {
		map64_set(&r->before, (uint64_t)tid, ns);
		r->n_read++;
		r->tells |= ns != 0;
	} else if (thread_exists(tid)) {
		r->knows_all = false;
	}
}

static void read_process(void *runtimes, pid_t pid)
{
	struct runtimes *r = runtimes;

	if (reads_enough(r) || threads_each(pid, read_before, r))
		r->knows_all &= !process_exists(pid);
}

void runtimes_begin(struct runtimes *r, const pid_t *pids, size_t n)
{
	reading_begins(r);
	for (size_t i = 0; i < n; i++)
		read_process(r, pids[i]);
	if (!n && processes_each(read_process, r))
		r->knows_all = false;
	if (r->tells)
		return;
	/* A kernel without CONFIG_SCHED_INFO says 0 of all. */
	map64_release(&r->before);
	r->knows_all = false;
}

static void read_after(struct runtimes *r, uint64_t tid)
{
	uint64_t ns;

	if (!reads_enough(r) && thread_runtime((pid_t)tid, &ns)) {
		map64_set(&r->after, tid, ns);
		r->n_read++;
	}
}

void runtimes_end(struct runtimes *r)
{
	size_t cursor = 0;
	uint64_t tid, ns;

	reading_begins(r);
	r->ended = true;
	for (size_t i = 0; i < r->n; i++)
		read_after(r, r->threads[i].tid);
	while (map64_next(&r->before, &cursor, &tid, &ns))
		if (!map64_find(&r->after, tid, &ns))
			read_after(r, tid);
}

/* -- a drain -- */

static bool thread_equal(const void *ctx, uint32_t id, const void *key)
{
	const struct thread *a = &((const struct runtimes *)ctx)->threads[id], *b = key;

	return a->tid == b->tid && a->event == b->event && a->start_ns == b->start_ns &&
	       a->exec_id == b->exec_id;
}

static uint64_t thread_hash(const struct thread *t)
{
	return hash_u64(hash_u64(t->start_ns ^ t->exec_id << 56) ^
			((uint64_t)t->event << 32 | t->tid));
}

/* What it had run before it was sampled: known of who was there and of who was not. What runs
 * another program may be another thread of its process than the one whose number it has; of that,
 * as of whom nothing is known, the first sample stands for a period. */
static uint64_t base_of(struct runtimes *r, const struct thread *t, uint64_t period)
{
	uint64_t process = hash_u64(t->start_ns ^ hash_u64(t->process)) >> 1, exec_id, before;

	if (!map64_find(&r->first_exec, process, &exec_id))
		map64_set(&r->first_exec, process, exec_id = t->exec_id);
	if (exec_id == t->exec_id && r->whole && t->start_ns >= r->began_ns)
		return 0;
	if (exec_id == t->exec_id && map64_find(&r->before, t->tid, &before) &&
	    before <= t->first_runtime)
		return before;
	if (exec_id == t->exec_id && r->knows_all)
		return 0;
	return t->first_runtime - MIN(t->first_runtime, period);
}

static bool same_program(const struct thread *a, const struct thread *b)
{
	return a->start_ns == b->start_ns && a->exec_id == b->exec_id;
}

static void note_newest(struct runtimes *r, const struct thread *t)
{
	uint64_t id;
	const struct thread *n = map64_find(&r->newest, t->tid, &id) ? &r->threads[id] : NULL;

	if (!n || t->start_ns > n->start_ns ||
	    (t->start_ns == n->start_ns && t->exec_id > n->exec_id))
		map64_set(&r->newest, t->tid, (uint64_t)(t - r->threads));
}

uint32_t runtimes_add(struct runtimes *r, const struct count_key *key,
		      const struct count_value *value)
{
	const struct thread new = {.tid = key->tid,
				   .event = key->event,
				   .process = key->tgid,
				   .start_ns = key->start_ns,
				   .exec_id = value->exec_id,
				   .first_runtime = UINT64_MAX};
	uint32_t id;
	struct thread *t;

	if (!key->tid || !value->last_runtime)
		return NO_ID;
	id = map_find(&r->by_key, thread_hash(&new), thread_equal, r, &new);
	if (id == NO_ID && r->n == MAX_RUNTIMES)
		return NO_ID;
	if (id == NO_ID) {
		array_reserve(r->threads, r->cap, r->n + 1);
		id = (uint32_t)r->n++;
		r->threads[id] = new;
		map_add(&r->by_key, thread_hash(&new), id);
	}
	t = &r->threads[id];
	note_newest(r, t);
	t->value += value->value;
	t->samples += value->samples;
	t->first_runtime = MIN(t->first_runtime, value->first_runtime);
	t->last_runtime = MAX(t->last_runtime, value->last_runtime);
	return id;
}

/* What a thread has run since it was sampled, and what it may have run since its last sample where
 * that was not read: half a period, if it runs no more. */
static uint64_t ran_of(const struct runtimes *r, struct thread *t, uint64_t period)
{
	uint64_t now = clock_ns(CLOCK_BOOTTIME), after, ran, id;
	/* Else another thread has its number now, or it runs another program. */
	bool is_newest = map64_find(&r->newest, t->tid, &id) && same_program(&r->threads[id], t);

	t->last = t->last_runtime;
	if (is_newest && map64_find(&r->after, t->tid, &after) && after >= t->last)
		t->last = after;
	ran = t->last > t->base ? t->last - t->base : 0;
	if (t->last == t->last_runtime && (!is_newest || r->ended || !thread_exists((pid_t)t->tid)))
		ran += period / 2;
	/* Whatever was taken for what it ran before: it did not run for longer than there was. */
	return MIN(ran, now - MIN(now, r->began_ns) + period);
}

/* How much the samples of this drain are worth. */
static void thread_settle_value(struct runtimes *r, struct thread *t)
{
	uint64_t period = t->samples ? t->value / t->samples : 0, ran;

	t->wanted = t->value;
	/* Another thread has its number by now. */
	if (t->is_old && t->first_runtime < t->last)
		t->base = t->given = 0;
	else if (!t->is_old)
		t->base = base_of(r, t, period);
	t->is_old = true;
	ran = ran_of(r, t, period);
	if (ran < LEAST_RUNTIME_NS || ran < period * LEAST_PERIODS)
		return;
	t->wanted = ran > t->given ? ran - t->given : 0;
	t->wanted = MAX(MIN(t->wanted, t->value * MAX_SCALE), t->value / MAX_SCALE);
}

uint64_t runtimes_value(struct runtimes *r, uint32_t thread, uint64_t value)
{
	struct thread *t = thread == NO_ID ? NULL : &r->threads[thread];
	uint64_t before;

	if (!t || !t->value)
		return value;
	if (!t->passed)
		thread_settle_value(r, t);
	/* So that all parts together are the whole. */
	before = (uint64_t)((double)t->passed / (double)t->value * (double)t->wanted);
	t->passed += value;
	return (uint64_t)((double)t->passed / (double)t->value * (double)t->wanted) - before;
}

/* -- between drains -- */

/* Makes room: those that have ended do not come back. */
static void forget_ended(struct runtimes *r)
{
	size_t kept = 0;

	map_release(&r->by_key);
	map64_release(&r->newest);
	for (size_t i = 0; i < r->n; i++) {
		const struct thread t = r->threads[i];

		if (!thread_exists((pid_t)t.tid))
			continue;
		map_add(&r->by_key, thread_hash(&t), (uint32_t)kept);
		r->threads[kept] = t;
		note_newest(r, &r->threads[kept++]);
	}
	r->n = kept;
	/* Which programs they ran before is not known then: their first samples stand for a period.
	 */
	map64_release(&r->first_exec);
	r->knows_all = false;
}

void runtimes_settle(struct runtimes *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct thread *t = &r->threads[i];

		t->given += t->wanted;
		t->value = t->wanted = t->passed = t->samples = t->last_runtime = 0;
		t->first_runtime = UINT64_MAX;
	}
	if (r->n == MAX_RUNTIMES)
		forget_ended(r);
}
