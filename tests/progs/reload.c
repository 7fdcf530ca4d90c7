/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads one library after another at the same address and works in each: an address means another
 * function each time.
 *
 * usage: reload ROUNDS LIBRARY FUNCTION [LIBRARY FUNCTION ...]
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 1;

	for (int round = 0; round < rounds; round++) {
		for (int i = 2; i + 1 < argc; i += 2) {
			void *library = dlopen(argv[i], RTLD_NOW);
			uint64_t (*work)(uint64_t);

			if (!library) {
				fprintf(stderr, "%s\n", dlerror());
				return 1;
			}
			work = (uint64_t(*)(uint64_t))dlsym(library, argv[i + 1]);
			printf("%p %llx\n", (void *)work, (unsigned long long)work(60000000));
			dlclose(library);
		}
	}
	return 0;
}
