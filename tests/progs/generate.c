/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generates a function and runs it, as a JIT compiler does, and tells of it in a perf map or in a
 * jitdump file.
 *
 * usage: generate map|dump|late NAME SECONDS     (of CPU time; late: a map that is written at the
 * end)
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* push rbp; mov rbp,rsp; mov ecx,edi; 1: dec ecx; jnz 1b; pop rbp; ret */
static const uint8_t code[] = {0x55, 0x48, 0x89, 0xe5, 0x89, 0xf9,
			       0xff, 0xc9, 0x75, 0xfc, 0x5d, 0xc3};

struct dump_header {
	uint32_t magic, version, bytes, machine, unused, pid;
	uint64_t time, flags;
};

struct record {
	uint32_t id, bytes;
	uint64_t time;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void write_map(const uint8_t *at, const char *name)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	f = fopen(path, "w");
	if (!f)
		exit(1);
	fprintf(f, "%lx %zx %s\n", (unsigned long)at, sizeof(code), name);
	fclose(f);
}

/* One record with a line, one with the code. */
static void write_dump(const uint8_t *at, const char *name)
{
	struct dump_header h = {
		0x4a695444, 1, sizeof(h), 62, 0, (uint32_t)getpid(), clock_ns(CLOCK_MONOTONIC), 0};
	struct {
		struct record r;
		uint64_t address, n;
		uint64_t line_address;
		uint32_t line, column;
		char file[16];
	} lines = {{2, sizeof(lines), clock_ns(CLOCK_MONOTONIC)},
		   (uint64_t)at,
		   1,
		   (uint64_t)at,
		   77,
		   0,
		   "made.up"};
	struct {
		struct record r;
		uint32_t pid, tid;
		uint64_t vma, address, bytes, index;
	} load = {{0, 0, clock_ns(CLOCK_MONOTONIC)},
		  h.pid,
		  h.pid,
		  (uint64_t)at,
		  (uint64_t)at,
		  sizeof(code),
		  0};
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "jit-%d.dump", (int)getpid());
	f = fopen(path, "w+");
	load.r.bytes = (uint32_t)(sizeof(load) + strlen(name) + 1 + sizeof(code));
	if (!f || fwrite(&h, sizeof(h), 1, f) != 1 || fwrite(&lines, sizeof(lines), 1, f) != 1 ||
	    fwrite(&load, sizeof(load), 1, f) != 1 || fwrite(name, strlen(name) + 1, 1, f) != 1 ||
	    fwrite(code, sizeof(code), 1, f) != 1 || fflush(f))
		exit(1);
	/* So that a profiler finds it. */
	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(f), 0) == MAP_FAILED)
		exit(1);
}

int main(int argc, char **argv)
{
	uint8_t *at = mmap((void *)0x200000000, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	uint64_t ns;
	union {
		void *data;
		int (*call)(int);
	} function = {at};

	if (argc < 4 || at == MAP_FAILED)
		return 2;
	memcpy(at, code, sizeof(code));
	if (strcmp(argv[1], "dump") == 0)
		write_dump(at, argv[2]);
	else if (strcmp(argv[1], "map") == 0)
		write_map(at, argv[2]);
	ns = (uint64_t)(atof(argv[3]) * 1e9);
	while (clock_ns(CLOCK_PROCESS_CPUTIME_ID) < ns)
		function.call(10000000);
	if (strcmp(argv[1], "late") == 0)
		write_map(at, argv[2]);
	return 0;
}
