/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A random call graph: far more than 100,000 distinct stacks of g0 ... g15 above main.
 *
 * usage: diverse DEPTH ITERATIONS SEED
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define NOINLINE __attribute__((noinline, noclone))

typedef uint64_t level(uint64_t x, int depth);

static uint64_t state = 88172645463325252ull;
static level *levels[16];

static inline uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static NOINLINE uint64_t leaf(uint64_t x)
{
	for (int i = 0; i < 400; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	return x;
}

#define LEVEL(n)                                                                                   \
	static NOINLINE uint64_t g##n(uint64_t x, int depth)                                       \
	{                                                                                          \
		uint64_t r;                                                                        \
                                                                                                   \
		if (depth <= 0)                                                                    \
			return leaf(x) + n;                                                        \
		r = levels[next_random() & 15](x + n, depth - 1);                                  \
		return r * 3 + x;                                                                  \
	}
// clang-format off
LEVEL(0) LEVEL(1) LEVEL(2) LEVEL(3) LEVEL(4) LEVEL(5) LEVEL(6) LEVEL(7)
LEVEL(8) LEVEL(9) LEVEL(10) LEVEL(11) LEVEL(12) LEVEL(13) LEVEL(14) LEVEL(15)

static level *levels[16] = {g0, g1, g2, g3, g4, g5, g6, g7,
			    g8, g9, g10, g11, g12, g13, g14, g15};
// clang-format on

int main(int argc, char **argv)
{
	int depth = argc > 1 ? atoi(argv[1]) : 20;
	long n = argc > 2 ? atol(argv[2]) : 1000000;
	uint64_t x = 1;

	if (argc > 3)
		state = strtoull(argv[3], NULL, 0);
	for (long i = 0; i < n; i++)
		x += levels[next_random() & 15](x, depth);
	printf("%llx\n", (unsigned long long)x);
	return 0;
}
