/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads that wait in known ways: waiting COUNT [RUNNING] starts COUNT threads, a fifth each in a
 * sleep, on a condition, on a pipe, in epoll, and deep in a recursion; and RUNNING that compute.
 * Prints "ready" when all wait. Each thread's stack ends in wait_SOMETHING <- middle <- body.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

enum { DEEP = 200 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static int pipe_fds[2], epoll_fd;
static volatile unsigned long counted, sink;
static volatile int forever = 1;

NOINLINE static void wait_sleep(void)
{
	while (forever) {
		struct timespec t = {.tv_sec = 1000};

		nanosleep(&t, NULL);
	}
}

NOINLINE static void wait_condition(void)
{
	pthread_mutex_lock(&mutex);
	for (;;)
		pthread_cond_wait(&never, &mutex);
}

NOINLINE static void wait_pipe(void)
{
	char c;

	while (read(pipe_fds[0], &c, 1) >= 0)
		sink++;
}

NOINLINE static void wait_epoll(void)
{
	struct epoll_event e;

	for (;;)
		sink += (unsigned long)epoll_wait(epoll_fd, &e, 1, -1);
}

NOINLINE static void wait_deep(int n)
{
	volatile char room[512];

	memset((void *)room, n, sizeof(room));
	if (n)
		wait_deep(n - 1);
	else
		wait_sleep();
	sink += (unsigned long)room[n];
}

NOINLINE static void run_hot(void)
{
	for (;;)
		sink = sink * 31 + 7;
}

NOINLINE static void middle(long kind)
{
	__atomic_fetch_add(&counted, 1, __ATOMIC_SEQ_CST);
	switch (kind) {
	case 0:
		wait_sleep();
		break;
	case 1:
		wait_condition();
		break;
	case 2:
		wait_pipe();
		break;
	case 3:
		wait_epoll();
		break;
	case 4:
		wait_deep(DEEP);
		break;
	default:
		run_hot();
	}
	sink++;
}

static void *body(void *kind)
{
	middle((long)kind);
	sink++;
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	unsigned long running = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	pthread_attr_t attr;
	pthread_t t;

	if (pipe(pipe_fds) || (epoll_fd = epoll_create1(0)) < 0)
		return 1;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 << 10);
	for (unsigned long i = 0; i < n + running; i++)
		if (pthread_create(&t, &attr, body, (void *)(i < n ? (long)(i % 5) : 5L)))
			return 1;
	while (counted < n + running)
		usleep(1000);
	usleep(200000);
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
