/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs code of many files, one after the other: many_files MS FILE.so... Prints "done" and pauses.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		void *file = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
		void (*spin)(int) = file ? (void (*)(int))dlsym(file, "spin_of_one_file") : NULL;

		if (!spin) {
			fprintf(stderr, "%s\n", dlerror());
			return 1;
		}
		spin(atoi(argv[1]));
	}
	puts("done");
	fflush(stdout);
	pause();
}
