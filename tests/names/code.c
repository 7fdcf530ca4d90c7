/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What compilers make of C: inlining, cold parts, static functions, macros that span lines. */
#include <stdio.h>
#include <stdlib.h>

#define TWICE(x)                                                                                   \
	do {                                                                                       \
		(x) *= 2;                                                                          \
		(x) += 1;                                                                          \
	} while (0)

struct list {
	struct list *next;
	int value;
};

static inline int clamp(int x, int lo, int hi)
{
	if (x < lo)
		return lo;
	return x > hi ? hi : x;
}

static inline __attribute__((always_inline)) int mix(int a, int b)
{
	int c = clamp(a, -100, 100);

	for (int i = 0; i < b; i++)
		c ^= (c << 3) + i;
	return clamp(c, 0, 1000);
}

static __attribute__((noinline)) int sum(const struct list *l)
{
	int s = 0;

	for (; l; l = l->next) {
		s += mix(l->value, s & 7);
		TWICE(s);
	}
	return s;
}

static __attribute__((noinline, cold)) void complain(int x)
{
	fprintf(stderr, "complain %d\n", x);
}

__attribute__((noinline)) int checked(int x)
{
	if (__builtin_expect(x == 12345, 0)) {
		complain(mix(x, 3));
		abort();
	}
	return mix(x, 5);
}

int recurse(int n)
{
	return n < 2 ? checked(n) : recurse(n - 1) + recurse(n - 2);
}

static int never_called(int x)
{
	return mix(x, 9);
}

int (*unused_pointer)(int) = never_called;

int main(int argc, char **argv)
{
	struct list nodes[8] = {{0}};

	for (int i = 0; i < 8; i++) {
		nodes[i].value = argc + i;
		nodes[i].next = i < 7 ? &nodes[i + 1] : NULL;
	}
	printf("%d %d %s\n", sum(nodes), recurse(12), argv[0] ? "" : "none");
	return 0;
}
