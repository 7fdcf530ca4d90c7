/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread that runs is seen where it runs, if the kernel lets us look. */
#include "unit/test.h"

#include "abi/unwind_rule.h"
#include "collect/running.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_bool stop;
static atomic_int tid;
static char *stack_of_thread; /* an address in it */

static void *compute(void *nothing)
{
	volatile unsigned long sum = 0;

	stack_of_thread = (char *)&sum;
	tid = (int)syscall(SYS_gettid);
	while (!stop)
		sum = sum * 31 + 1;
	return nothing;
}

static void a_computing_thread_has_registers_and_a_stack(void **state)
{
	struct running_tick *ticks = NULL;
	bool seen = false;
	pthread_t thread;

	(void)state;
	pthread_create(&thread, NULL, compute, NULL);
	while (!tid)
		usleep(1000);
	/* A busy machine may not run it within those milliseconds. */
	for (int i = 0; i < 500 && !seen; i++) {
		pid_t both[] = {tid, 0x7ffffff0}; /* and one that is not there */

		if (ticks)
			running_ticks_free(ticks, 2);
		ticks = running_ticks(both, 2);
		assert_null(ticks[1].capture);
		seen = ticks[0].capture;
		if (!seen && geteuid())
			break; /* not allowed to look */
	}
	if (seen) {
		const struct capture_record *c = ticks[0].capture;

		assert_in_range(c->registers[REG_SP], (uintptr_t)stack_of_thread - 65536,
				(uintptr_t)stack_of_thread + 65536);
		assert_true(c->stack_bytes > RED_ZONE);
		assert_int_equal(c->head.type, RECORD_CAPTURE);
	}
	assert_true(seen || geteuid());
	running_ticks_free(ticks, 2);
	stop = true;
	pthread_join(thread, NULL);
}

TESTS(T(a_computing_thread_has_registers_and_a_stack))
