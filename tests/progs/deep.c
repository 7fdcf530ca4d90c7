/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stack of DEPTH frames of descend(), with work at its end for MILLISECONDS.
 *
 * usage: deep DEPTH MILLISECONDS
 */
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#define NOINLINE __attribute__((noinline, noclone))

static volatile uint64_t sink;

static NOINLINE void work(long ms)
{
	clock_t end = clock() + ms * (CLOCKS_PER_SEC / 1000);

	while (clock() < end)
		for (int i = 0; i < 100000; i++)
			sink = sink * 3 + (uint64_t)i;
}

static NOINLINE int descend(int depth, long ms)
{
	if (depth > 1)
		return descend(depth - 1, ms) + 1;
	work(ms);
	return 1;
}

int main(int argc, char **argv)
{
	return descend(argc > 1 ? atoi(argv[1]) : 900, argc > 2 ? atol(argv[2]) : 300) == 0;
}
