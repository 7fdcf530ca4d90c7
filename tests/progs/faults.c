/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page faults, counted: faults N [TIMES] touches N pages that are not there yet, one after the
 * other, in touch() <- work() <- main(), so often, and prints how many faults the kernel counted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

NOINLINE static void touch(volatile char *page)
{
	*page = 1;
}

NOINLINE static int work(char *memory, size_t n, size_t page_bytes)
{
	for (size_t i = 0; i < n; i++)
		touch(memory + i * page_bytes);
	return memory[0];
}

static long faults(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_minflt;
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	size_t times = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, n * page_bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long before;

	if (memory == MAP_FAILED || madvise(memory, n * page_bytes, MADV_NOHUGEPAGE))
		perror("faults"); /* a kernel without huge pages has nothing to be advised */
	if (memory == MAP_FAILED)
		return 1;
	before = faults();
	for (size_t i = 0; i < times; i++)
		if (work(memory, n, page_bytes) != 1 ||
		    madvise(memory, n * page_bytes, MADV_DONTNEED))
			return 1;
	printf("%ld\n", faults() - before);
	return 0;
}
