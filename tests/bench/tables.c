/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds the unwind tables of files and prints what they cost.
 *
 * usage: tables FILE...; prints name, rows, bytes, bytes a row, milliseconds of CPU to build it and
 * to take it from the cache on disk (best of five).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cache.h"
#include "unwind/compile.h"

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double cached_ms(struct cache *cache, const struct table_head *t)
{
	double best = 1e9;

	cache_put(cache, "table", t, t->bytes);
	for (int round = 0; round < 5; round++) {
		double before = cpu_ms();
		size_t bytes;
		void *data = cache_get(cache, "table", &bytes);

		if (!data || !table_check(data, bytes))
			return -1;
		if (cpu_ms() - before < best)
			best = cpu_ms() - before;
		free(data);
	}
	return best;
}

int main(int argc, char **argv)
{
	char dir[] = "/tmp/cprof-bench-XXXXXX", file[64];
	struct cache *cache = mkdtemp(dir) ? cache_new(dir) : NULL;
	unsigned long long sum = 0;

	for (int i = 1; i < argc; i++) {
		double best = 1e9;
		struct table_head *t = NULL;
		struct elf_file *elf;

		for (int round = 0; round < 5; round++) {
			double before = cpu_ms();

			free(t);
			if (elf_file_open(open(argv[i], O_RDONLY | O_CLOEXEC), &elf)) {
				fprintf(stderr, "%s: no ELF file\n", argv[i]);
				return 1;
			}
			t = compile_table(elf, NULL);
			elf_file_free(elf);
			if (cpu_ms() - before < best)
				best = cpu_ms() - before;
		}
		printf("%s: %u rows, %u bytes, %.2f a row, %u rules, %u exceptions, %.1f ms; "
		       "cached %.1f ms\n",
		       strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i],
		       t ? t->n_rows : 0, t ? t->bytes : 0, t ? (double)t->bytes / t->n_rows : 0.0,
		       t ? t->n_rules : 0, t ? t->n_exceptions : 0, best,
		       t && cache ? cached_ms(cache, t) : 0.0);
		sum += t ? t->bytes : 0;
		free(t);
	}
	printf("all: %llu bytes\n", sum);
	cache_free(cache);
	snprintf(file, sizeof(file), "%s/table", dir);
	remove(file);
	remove(dir);
	return 0;
}
