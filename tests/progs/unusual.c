/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that are not what /proc says of them: unusual KIND SECONDS of CPU.
 *
 * leader: the main thread has ended, another one works; contexts: two of makecontext(); huge,
 * hugefd: its own code has been copied to memory, of no file or of one; memfd, shm, anon: code that
 * was generated in a file of memory, deleted shared memory, memory, with a perf map. All end in
 * middle <- inner, the last three in main <- generated <- inner. Prints "ready" first.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

enum { CODE_BYTES = 1 << 16, STACK_BYTES = 1 << 16 };

static volatile uint64_t sink;
static double seconds;

NOINLINE static void inner(void)
{
	for (int i = 0; i < 100000; i++)
		sink += (uint64_t)i;
}

NOINLINE static void middle(void)
{
	inner();
	sink++;
}

static int goes_on(void)
{
	return (double)clock() / CLOCKS_PER_SEC < seconds;
}

static void ready(void)
{
	puts("ready");
	fflush(stdout);
}

/* -- leader -- */

static void *body(void *none)
{
	(void)none;
	while (goes_on())
		middle();
	exit(0);
}

static void leader(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, body, NULL);
	ready();
	pthread_exit(NULL);
}

/* -- contexts -- */

static ucontext_t main_context, contexts[2];
static char stacks[2][STACK_BYTES];

static void context_body(int i)
{
	for (;;) {
		middle();
		swapcontext(&contexts[i], &main_context);
	}
}

static void run_contexts(void)
{
	for (int i = 0; i < 2; i++) {
		getcontext(&contexts[i]);
		contexts[i].uc_stack.ss_sp = stacks[i];
		contexts[i].uc_stack.ss_size = STACK_BYTES;
		makecontext(&contexts[i], (void (*)(void))context_body, 1, i);
	}
	ready();
	while (goes_on())
		for (int i = 0; i < 2; i++)
			swapcontext(&main_context, &contexts[i]);
}

/* -- huge -- */

static void huge(int fd)
{
	uintptr_t from = 0, to = 0;
	char line[512], flags[8];
	FILE *f = fopen("/proc/self/maps", "r");
	void *copy;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %7s", &from, &to, flags) == 3 && flags[2] == 'x' &&
		    (uintptr_t)huge >= from && (uintptr_t)huge < to)
			break;
	if (fd >= 0 && ftruncate(fd, (off_t)(to - from)))
		exit(1);
	copy = mmap(NULL, to - from, PROT_READ | PROT_WRITE | PROT_EXEC,
		    fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
	memcpy(copy, (void *)from, to - from);
	if (mremap(copy, to - from, to - from, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)from) ==
	    MAP_FAILED)
		exit(1);
	ready();
	while (goes_on())
		middle();
}

/* -- generated code -- */

static void generated(int fd)
{
	/* push %rbp; mov %rsp, %rbp; movabs $inner, %rax; call *%rax; pop %rbp; ret */
	uint8_t code[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0xb8, 0,    0,    0,
			  0,    0,    0,    0,    0,    0xff, 0xd0, 0x5d, 0xc3};
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	void (*target)(void) = inner;
	char path[64];
	uint8_t *write_to, *run_at;
	FILE *map;

	memcpy(code + 6, &target, sizeof(target));
	if (fd >= 0 && ftruncate(fd, CODE_BYTES))
		exit(1);
	run_at = mmap(NULL, CODE_BYTES, PROT_READ | PROT_EXEC | (fd < 0 ? PROT_WRITE : 0), flags,
		      fd, 0);
	write_to =
		fd < 0 ? run_at : mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memcpy(write_to + 64, code, sizeof(code));
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	map = fopen(path, "w");
	fprintf(map, "%lx %zx generated\n", (unsigned long)run_at + 64, sizeof(code));
	fclose(map);
	ready();
	while (goes_on())
		((void (*)(void))(run_at + 64))();
	unlink(path);
}

static int shared_memory(void)
{
	char path[] = "/dev/shm/unusualXXXXXX";
	int fd = mkstemp(path);

	unlink(path);
	return fd;
}

int main(int argc, char **argv)
{
	const char *kind = argc > 2 ? argv[1] : "";

	seconds = argc > 2 ? atof(argv[2]) : 0;
	if (!strcmp(kind, "leader"))
		leader();
	else if (!strcmp(kind, "contexts"))
		run_contexts();
	else if (!strcmp(kind, "huge"))
		huge(-1);
	else if (!strcmp(kind, "hugefd"))
		huge(memfd_create("text", MFD_CLOEXEC));
	else if (!strcmp(kind, "memfd"))
		generated(memfd_create("doublemapper", MFD_CLOEXEC));
	else if (!strcmp(kind, "shm"))
		generated(shared_memory());
	else if (!strcmp(kind, "anon"))
		generated(-1);
	else
		return 2;
	return 0;
}
