/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads two libraries in turn at the same address and works in each: an address means another
 * function each time. Each function has a caller of its own, which says whose samples are whose.
 *
 * usage: reload ROUNDS LIBRARY FUNCTION LIBRARY FUNCTION
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define NOINLINE __attribute__((noinline))

enum { WORK = 200000000 };

typedef uint64_t work_fn(uint64_t);

NOINLINE static uint64_t first(work_fn *work)
{
	volatile uint64_t x = work(WORK);

	return x;
}

NOINLINE static uint64_t second(work_fn *work)
{
	volatile uint64_t x = work(WORK);

	return x + 1;
}

int main(int argc, char **argv)
{
	int rounds = argc == 6 ? atoi(argv[1]) : 0;

	for (int i = 0; i < rounds * 2; i++) {
		char **which = argv + 2 + i % 2 * 2;
		void *library = dlopen(which[0], RTLD_NOW);
		work_fn *work;
		uint64_t x;

		if (!library) {
			fprintf(stderr, "%s\n", dlerror());
			return 1;
		}
		work = (work_fn *)dlsym(library, which[1]);
		x = i % 2 ? second(work) : first(work);
		printf("%p %llx\n", (void *)work, (unsigned long long)x);
		dlclose(library);
	}
	return rounds == 0;
}
