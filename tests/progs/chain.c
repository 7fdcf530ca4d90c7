/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work in a known chain of calls: main or a thread's `work`, f0 to fDEPTH, leaf.
 *
 * usage: chain DEPTH ITERATIONS|SECONDSs [THREADS]     (0.5s: of each thread's CPU time)
 * Prints nanoseconds and a checksum.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOINLINE __attribute__((noinline, noclone))
// clang-format off
#define LEVELS(X) \
	X(0, 1) X(1, 2) X(2, 3) X(3, 4) X(4, 5) X(5, 6) X(6, 7) X(7, 8) \
	X(8, 9) X(9, 10) X(10, 11) X(11, 12) X(12, 13) X(13, 14) X(14, 15) X(15, 16) \
	X(16, 17) X(17, 18) X(18, 19) X(19, 20) X(20, 21) X(21, 22) X(22, 23) X(23, 24) \
	X(24, 25) X(25, 26) X(26, 27) X(27, 28) X(28, 29) X(29, 30) X(30, 31) X(31, 0)
// clang-format on

static NOINLINE uint64_t leaf(uint64_t x)
{
	for (int i = 0; i < 2000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	return x;
}

#define DECLARE(n, next) static NOINLINE uint64_t f##n(uint64_t x, int depth);
LEVELS(DECLARE)
#define DEFINE(n, next)                                                                            \
	static NOINLINE uint64_t f##n(uint64_t x, int depth)                                       \
	{                                                                                          \
		uint64_t r;                                                                        \
                                                                                                   \
		if (depth <= 0)                                                                    \
			return leaf(x) + 1;                                                        \
		r = f##next(x + n, depth - 1);                                                     \
		return r * 3 + x;                                                                  \
	}
LEVELS(DEFINE)

static int depth = 28;
static long iterations = 1000000;
static double cpu_seconds;

/* Has the thread done its share? A look at the clock costs a thousandth of the work. */
static int is_done(long i)
{
	struct timespec used;

	if (!cpu_seconds)
		return i >= iterations;
	if (i % 64)
		return 0;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9 >= cpu_seconds;
}

static NOINLINE void *work(void *seed)
{
	uint64_t x = 88172645463325252ull + (uintptr_t)seed;

	for (long i = 0; !is_done(i); i++)
		x = f0(x | 1, depth);
	return (void *)(uintptr_t)x;
}

int main(int argc, char **argv)
{
	int n = argc > 3 ? atoi(argv[3]) : 1;
	pthread_t threads[256];
	struct timespec a, b;
	uintptr_t sum = 0;

	if (argc > 1)
		depth = atoi(argv[1]);
	if (argc > 2)
		iterations = atol(argv[2]);
	if (argc > 2 && strchr(argv[2], 's'))
		cpu_seconds = atof(argv[2]);
	clock_gettime(CLOCK_MONOTONIC, &a);
	if (n <= 1)
		sum = (uintptr_t)work(NULL);
	for (intptr_t i = 0; n > 1 && i < n && i < 256; i++)
		pthread_create(&threads[i], NULL, work, (void *)i);
	for (int i = 0; n > 1 && i < n && i < 256; i++) {
		void *result;

		pthread_join(threads[i], &result);
		sum ^= (uintptr_t)result;
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%lld %lx\n", (b.tv_sec - a.tv_sec) * 1000000000ll + b.tv_nsec - a.tv_nsec,
	       (unsigned long)sum);
	return 0;
}
