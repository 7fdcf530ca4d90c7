/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nearly all of its time goes to `innermost`, inlined into `middle`, inlined into `outer`, which
 * main calls.
 *
 * usage: inlined SECONDS     (of CPU time)
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define INLINE   static inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline, noclone))

INLINE uint64_t innermost(uint64_t x, int n)
{
	for (int i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	return x;
}

INLINE uint64_t middle(uint64_t x)
{
	return innermost(x, 1000000) + 1;
}

NOINLINE uint64_t outer(uint64_t x)
{
	return middle(x | 1) * 3;
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 1;
	struct timespec used;
	uint64_t x = 1;

	do {
		x = outer(x);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	} while ((double)used.tv_sec + (double)used.tv_nsec / 1e9 < seconds);
	printf("%llx\n", (unsigned long long)x);
	return 0;
}
