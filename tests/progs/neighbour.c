/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another profiler of the machine: does it get records that it never asked for?
 *
 *   neighbour [ROUNDS]
 *
 * Follows its own mappings by a perf event without build ids, makes five in each round, and prints
 * how many MMAP2 records came and how many of them are marked as having a build id. */
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGES = 8, MAPPINGS = 5 };

int main(int argc, char **argv)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
				       .size = sizeof(attr),
				       .config = PERF_COUNT_SW_DUMMY,
				       .mmap = 1,
				       .mmap2 = 1,
				       .exclude_kernel = 1};
	int rounds = argc > 1 ? atoi(argv[1]) : 1, file = open("/proc/self/exe", O_RDONLY);
	long page = sysconf(_SC_PAGESIZE);
	int records = 0, marked = 0;

	for (int round = 0; round < rounds; round++) {
		int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
		struct perf_event_mmap_page *ring = mmap(NULL, (size_t)((1 + PAGES) * page),
							 PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		if (fd < 0 || ring == MAP_FAILED)
			return 1;
		for (int i = 0; i < MAPPINGS; i++)
			mmap(NULL, (size_t)page, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
		for (__u64 at = 0; at < ring->data_head;) {
			struct perf_event_header *head = (void *)((char *)ring + page + at);

			records += head->type == PERF_RECORD_MMAP2;
			marked += head->type == PERF_RECORD_MMAP2 &&
				  (head->misc & PERF_RECORD_MISC_MMAP_BUILD_ID);
			at += head->size;
		}
		munmap(ring, (size_t)((1 + PAGES) * page));
		close(fd);
	}
	printf("%d records, %d marked\n", records, marked);
	return 0;
}
