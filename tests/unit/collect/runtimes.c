/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What samples are worth is what their threads have run, in all, however drains part it. */
#include "unit/test.h"

#include "base/clock.h"
#include "base/mem.h"
#include "collect/runtimes.h"
#include "proc/procfs.h"

#include <unistd.h>

#define MS 1000000ull

enum { PERIOD_MS = 10, GONE = 999999999 };

/* Sampling began a minute ago; who was born since has run nothing before. */
static uint64_t began(void)
{
	return clock_ns(CLOCK_BOOTTIME) - 60000 * MS;
}

static uint64_t born(void)
{
	return clock_ns(CLOCK_BOOTTIME) - 50000 * MS;
}

static struct count_key key_of(uint32_t tid, uint64_t start_ns, uint64_t stack)
{
	return (struct count_key){
		.tid = tid, .tgid = tid, .start_ns = start_ns, .user_stack = stack};
}

static struct count_value value_of(uint64_t samples, uint64_t first_ms, uint64_t last_ms)
{
	return (struct count_value){samples, samples * PERIOD_MS * MS, first_ms * MS, last_ms * MS,
				    1};
}

/* A count of which runtimes_value() is asked once all are told. */
struct told {
	struct count_key key;
	struct count_value value;
	uint64_t wanted_ms;
};

static void drain(struct runtimes *r, const struct told *all, size_t n)
{
	uint32_t threads[8];

	assert_true(n <= ARRAY_SIZE(threads));
	for (size_t i = 0; i < n; i++)
		threads[i] = runtimes_add(r, &all[i].key, &all[i].value);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(runtimes_value(r, threads[i], all[i].value.value),
				 all[i].wanted_ms * MS);
	runtimes_settle(r);
}
#define DRAIN(r, ...)                                                                              \
	drain(r, (const struct told[]){__VA_ARGS__},                                               \
	      sizeof((const struct told[]){__VA_ARGS__}) / sizeof(struct told))

/* Threads are 1, which is alive, but for its last half period; the others are gone, and get that.
 */
static void what_ran_counts(void **state)
{
	struct runtimes *r = runtimes_new(true, began());
	const uint64_t start = born();
	const struct count_key a = key_of(1, start, 1), a2 = key_of(1, start, 2),
			       b = key_of(GONE, start, 1), little = key_of(GONE + 1, start, 1);

	(void)state;
	/* Two stacks of a thread; one that is charged for another; one that ran too little to tell;
	 * samples that the kernel accounts to nobody. */
	DRAIN(r, {a, value_of(60, 5, 990), 750}, {a2, value_of(20, 10, 1000), 250},
	      {b, value_of(120, 3, 1000), 1005}, {little, value_of(3, 1, 150), 30},
	      {a, value_of(50, 0, 0), 500});
	/* What the first drain was short of comes with the next one, once the thread is long. */
	DRAIN(r, {little, value_of(30, 160, 400), 375}, {a, value_of(10, 1010, 1100), 100});
	/* No drain is scaled beyond measure; what is left comes later. */
	DRAIN(r, {a, value_of(1, 2100, 2100), 80});
	DRAIN(r, {a, value_of(100, 2110, 3100), 1920});
	/* Its number is another thread's, whichever of its stacks is told first. */
	DRAIN(r, {a, value_of(40, 400, 700), 350}, {a2, value_of(40, 10, 690), 350});
	runtimes_free(r);
}

/* A thread that runs another program has its process's number then, and goes on counting. */
static void a_program_is_another_one(void **state)
{
	struct runtimes *r = runtimes_new(true, began());
	const uint64_t start = born();
	struct count_key before = key_of(GONE, start, 1), after = key_of(1, start, 2);
	struct told execs[2] = {{before, value_of(100, 10, 1000), 1005},
				{after, value_of(100, 1010, 2000), 1000}};

	(void)state;
	execs[0].key.tgid = 1;
	execs[1].value.exec_id = 2;
	drain(r, execs, 2);
	runtimes_free(r);

	/* One that is its process's only thread, and there to the end. */
	r = runtimes_new(true, began());
	execs[0].key = execs[1].key = key_of((uint32_t)getpid(), start, 1);
	execs[0].value = value_of(10, 10, 100000);
	execs[1].value = value_of(10, 100010, 100500);
	execs[1].value.exec_id = 2;
	runtimes_end(r);
	execs[0].wanted_ms = 800; /* eight times what its samples say */
	execs[1].wanted_ms = 505;
	drain(r, execs, 2);
	runtimes_free(r);
}

/* What a thread ran behind its last sample counts, if it is there when sampling ends. */
static void what_ran_at_the_end_counts(void **state)
{
	struct runtimes *r = runtimes_new(true, began());
	const struct count_key here = key_of((uint32_t)getpid(), born(), 1);
	const struct count_value v = value_of(10, 1, 100);
	uint32_t thread;
	uint64_t ran;

	(void)state;
	while (!thread_runtime(getpid(), &ran) || ran < 300 * MS)
		;
	/* Of whom there were samples in drains before. */
	DRAIN(r, {here, value_of(1, 1, 1), PERIOD_MS});
	thread = runtimes_add(r, &here, &v);
	runtimes_end(r);
	assert_in_range(runtimes_value(r, thread, v.value), 290 * MS, 790 * MS);
	runtimes_free(r);
}

/* Threads that ran before: of this process what they had run is known; where it is not, or only a
 * part of what a thread runs is sampled, the first sample stands for a period. */
static void what_ran_before_does_not(void **state)
{
	struct runtimes *whole = runtimes_new(true, began()), *part = runtimes_new(false, began());
	const struct count_key here = key_of((uint32_t)getpid(), 1, 1), later = key_of(GONE, 1, 1);
	const pid_t self = getpid();
	struct count_value v = value_of(50, 0, 0);
	uint32_t thread;
	uint64_t ran;

	(void)state;
	runtimes_begin(whole, &self, 1);
	assert_true(thread_runtime(self, &ran));
	v.first_runtime = ran + 200 * MS;
	v.last_runtime = ran + 690 * MS;
	thread = runtimes_add(whole, &here, &v);
	/* A busy machine may run a little between the two looks. */
	assert_in_range(runtimes_value(whole, thread, v.value), 690 * MS, 740 * MS);
	runtimes_settle(whole);
	/* Who was not there was born later. */
	DRAIN(whole, {later, value_of(50, 210, 700), 705});
	runtimes_free(whole);

	DRAIN(part, {later, value_of(50, 210, 700), 505});
	runtimes_free(part);
}

/* However wrong the beginning is: no thread runs for longer than there was. */
static void there_is_no_more_than_time(void **state)
{
	struct runtimes *r = runtimes_new(true, clock_ns(CLOCK_BOOTTIME) - 1000 * MS);
	const struct count_key key = key_of(1, 1, 1);
	const struct count_value v = value_of(50, 900000, 900490);
	const pid_t self = getpid();
	uint32_t thread;

	(void)state;
	runtimes_begin(r, &self, 1);
	thread = runtimes_add(r, &key, &v);
	assert_in_range(runtimes_value(r, thread, v.value), 1000 * MS, 4000 * MS);
	runtimes_free(r);
}

TESTS(T(what_ran_counts), T(a_program_is_another_one), T(what_ran_at_the_end_counts),
      T(what_ran_before_does_not), T(there_is_no_more_than_time))
