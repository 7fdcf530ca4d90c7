/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tests/replay plays back: a program without a C library whose page faults are known.
 *
 * Every call of touch(N) writes to N pages that were never written to before: with
 * "-e page-faults -c 1" that is N samples, of its callers' stack. (`program MODE [NUMBER]`, the
 * modes are below.) Built once, by tests/data/replay/make, and stored: stacks hold for one build
 * only.
 */
#include <stddef.h>
#include <stdint.h>

#define NOINLINE __attribute__((noinline, noclone))
enum { PAGE = 4096, PAGES = 100 };

static char pages[PAGES * PAGE] __attribute__((aligned(4096)));
static int touched;

static long call(long n, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

enum {
	OPEN = 2,
	MMAP = 9,
	MUNMAP = 11,
	SCHED_YIELD = 24,
	CLONE = 56,
	FORK = 57,
	EXECVE = 59,
	EXIT = 60,
	WAIT4 = 61,
	EXIT_GROUP = 231,
	NANOSLEEP = 35
};

/* (Its callers do something with the result: a call at the end would become a jump.) */
static NOINLINE int touch(int n)
{
	for (int i = 0; i < n; i++)
		*(volatile char *)&pages[(size_t)(touched++ % PAGES) * PAGE] = 1;
	return n;
}

static NOINLINE int before(void)
{
	return touch(7) + 1;
}

static NOINLINE int after(void)
{
	return touch(5) + 1;
}

static NOINLINE int child(void)
{
	return touch(3) + 1;
}

static NOINLINE int second(void)
{
	return touch(8) + 1;
}

static NOINLINE int deep(int depth)
{
	return depth ? deep(depth - 1) + 1 : touch(1);
}

static void pause_ms(long ms)
{
	long time[2] = {ms / 1000, ms % 1000 * 1000000};

	call(NANOSLEEP, (long)time, 0, 0, 0, 0, 0);
}

/* NUMBER children, one after the other; each has its parent's pages, which a write makes its own.
 */
static NOINLINE int storm(int n)
{
	for (int i = 0; i < n; i++) {
		long pid = call(FORK, 0, 0, 0, 0, 0, 0);

		if (!pid) {
			child();
			call(EXIT_GROUP, 0, 0, 0, 0, 0, 0);
		}
		call(WAIT4, pid, 0, 0, 0, 0, 0);
	}
	return n;
}

/* The same place in memory is one library, then another. */
static NOINLINE int load(const char *path, int n)
{
	char *at = (char *)0x700000000;
	long fd = call(OPEN, (long)path, 0, 0, 0, 0, 0);
	int (*work)(int (*)(int), int);
	int done;

	if (fd < 0 || call(MMAP, (long)at, PAGE, 5, 0x12, fd, 0) != (long)at)
		call(EXIT_GROUP, 3, 0, 0, 0, 0, 0);
	/* The header's unused bytes say where the function is (make). */
	work = (int (*)(int (*)(int), int))(uintptr_t)(at + *(uint16_t *)(at + 10));
	done = work(touch, n);
	call(MUNMAP, (long)at, PAGE, 0, 0, 0, 0);
	return done;
}

static NOINLINE int libraries(char **argv)
{
	int n = 0;

	for (int round = 0; round < 3; round++) {
		n += load(argv[2], 4);
		n += load(argv[3], 6);
		pause_ms(10);
	}
	return n;
}

static char thread_stack[2 * PAGE] __attribute__((aligned(4096)));

NOINLINE int thread_work(void);
NOINLINE int thread_work(void)
{
	pause_ms(50);
	second();
	call(EXIT_GROUP, 0, 0, 0, 0, 0, 0);
	return 1;
}

/* The first thread ends; the other one goes on. */
static NOINLINE int leader(void)
{
	char *top = thread_stack + sizeof(thread_stack);
	long result;

	*(volatile char *)thread_stack = 0;
	*(volatile char *)(thread_stack + PAGE) = 0;
	before();
	__asm__ volatile("syscall\n\t"
			 "test %%eax, %%eax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "call thread_work\n\t"
			 "1:"
			 : "=a"(result)
			 : "a"((long)CLONE), "D"(0x10f00l), "S"(top), "d"(0l)
			 : "rcx", "r11", "r10", "r8", "r9", "memory");
	call(EXIT, 0, 0, 0, 0, 0, 0);
	return (int)result;
}

static NOINLINE int run(char **argv)
{
	char *arguments[] = {argv[0], "after", NULL};
	int n = 0;

	for (const char *p = argv[2] ? argv[2] : ""; *p >= '0' && *p <= '9'; p++)
		n = n * 10 + *p - '0';
	switch (argv[1][0]) {
	case 'e': /* exec: pages before it and after it */
		before();
		return (int)call(EXECVE, (long)argv[0], (long)arguments, 0, 0, 0, 0);
	case 'a': /* after */
		return after();
	case 's': /* storm N */
		return storm(n);
	case 'f': /* forks N: pages, a pause in which it becomes known, a storm; and 4 more, later
		   */
		before();
		pause_ms(1000);
		storm(n);
		pause_ms(1000);
		return storm(4);
	case 'm': /* many N: as many stacks, each one deeper than the last */
		for (int i = 0; i < n; i++)
			deep(i);
		return n;
	case 'd': /* dl ALPHA GAMMA */
		return libraries(argv);
	case 'l': /* leader */
		return leader();
	case 'q': /* quick */
		return child();
	case 'p': /* periodic N: pages every 300 ms, until it is killed or has done so N times */
		for (int i = 0; i < n; i++) {
			before();
			pause_ms(300);
		}
		return n;
	case 'w': /* wait: pages, a pause of NUMBER ms, pages */
		before();
		pause_ms(n);
		return after();
	}
	return 1;
}

void start(char **stack);
void start(char **stack)
{
	int result = run(stack + 1);

	call(EXIT_GROUP, result == 0, 0, 0, 0, 0, 0);
}

__asm__(".globl _start\n"
	".type _start, @function\n"
	"_start: .cfi_startproc\n"
	"\t.cfi_undefined rip\n"
	"\txor %ebp, %ebp\n"
	"\tmov %rsp, %rdi\n"
	"\tand $-16, %rsp\n"
	"\tcall start\n"
	"\thlt\n"
	"\t.cfi_endproc\n"
	".size _start, . - _start\n");
