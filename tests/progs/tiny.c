/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process of some 3 ms, nearly all of them in main, b, a, spin. */
#include <stdint.h>

#define NOINLINE __attribute__((noinline, noclone))

static NOINLINE uint64_t spin(uint64_t x, long n)
{
	for (long i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	return x;
}

static NOINLINE uint64_t a(uint64_t x)
{
	return spin(x, 1000000) + 1;
}

static NOINLINE uint64_t b(uint64_t x)
{
	return a(x) * 3;
}

int main(int argc, char **argv)
{
	(void)argv;
	return (int)(b((uint64_t)argc) & 1);
}
