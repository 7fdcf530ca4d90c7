// SPDX-License-Identifier: GPL-2.0-or-later
// Built without frame pointers: deep recursion with frames of many sizes, exceptions thrown over
// it, signal handlers on top of it, on the thread's stack and on another one, and sorting with
// callbacks from libc. With read the bottom spends its time in the kernel.
//
// usage: frameless recurse|throw|signal|altstack|read DEPTH MILLISECONDS
#include <alloca.h>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))

static volatile unsigned long sink;
static volatile sig_atomic_t handled;

static bool is_over(double seconds)
{
	return double(clock()) / CLOCKS_PER_SEC > seconds;
}

NOINLINE void bottom(double until)
{
	do
		for (int i = 0; i < 100000; i++)
			sink = sink * 31 + (unsigned long)i;
	while (!is_over(until));
}

static int zeros = -1; // /dev/zero, where the bottom reads

NOINLINE void bottom_reads(double until)
{
	static char room[1 << 18];

	do
		sink = sink + (unsigned long)read(zeros, room, sizeof(room));
	while (!is_over(until));
}

static int order(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

NOINLINE void sort_some(unsigned seed)
{
	int values[300];

	for (int &v : values)
		v = (int)(seed = seed * 1103515245 + 12345);
	qsort(values, 300, sizeof(*values), order);
	sink = sink + (unsigned long)values[7];
}

NOINLINE int recurse(int depth, double until)
{
	volatile char *room = (volatile char *)alloca(16 + (size_t)(depth % 5) * 16);

	room[0] = (char)depth;
	if (depth > 0)
		return recurse(depth - 1, until) + room[0];
	if (zeros >= 0)
		bottom_reads(until);
	else
		bottom(until);
	return 1;
}

NOINLINE int throw_over(int depth)
{
	if (depth == 0)
		throw 7;
	return throw_over(depth - 1) + 1;
}

static void handler(int)
{
	for (int i = 0; i < 2000; i++)
		sink = sink + (unsigned long)(i * i);
	sort_some((unsigned)sink);
	handled = handled + 1;
}

static void set_handler(bool alternate)
{
	struct sigaction action = {};
	struct itimerval every = {{0, 200}, {0, 200}};
	stack_t stack = {};

	stack.ss_size = 1 << 16;
	stack.ss_sp = malloc(stack.ss_size);
	sigaltstack(&stack, nullptr);
	action.sa_handler = handler;
	action.sa_flags = SA_RESTART | (alternate ? SA_ONSTACK : 0);
	sigaction(SIGALRM, &action, nullptr);
	setitimer(ITIMER_REAL, &every, nullptr);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "recurse";
	int depth = argc > 2 ? atoi(argv[2]) : 100;
	double until = (argc > 3 ? atof(argv[3]) : 300) / 1000;

	if (strcmp(what, "signal") == 0 || strcmp(what, "altstack") == 0)
		set_handler(strcmp(what, "altstack") == 0);
	if (strcmp(what, "read") == 0)
		zeros = open("/dev/zero", O_RDONLY);
	if (strcmp(what, "throw") != 0)
		return recurse(depth, until) == 0;
	while (!is_over(until)) {
		try {
			throw_over(depth);
		} catch (int caught) {
			sink = sink + (unsigned long)caught;
		}
	}
	return 0;
}
