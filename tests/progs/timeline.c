/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a profile with blocks of time: `early` in the first second, `late` in the second, `always`
 * in both: timeline FILE. In pprof's own words, so that it does not rest on what it is to test.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static unsigned char file[1 << 20];
static size_t at;

static void varint(unsigned char *to, size_t *n, uint64_t v)
{
	for (; v > 127; v >>= 7)
		to[(*n)++] = (unsigned char)(v | 128);
	to[(*n)++] = (unsigned char)v;
}

static void field(unsigned char *to, size_t *n, unsigned number, uint64_t v)
{
	varint(to, n, number << 3);
	varint(to, n, v);
}

static void message(unsigned number, const void *bytes, size_t n)
{
	varint(file, &at, number << 3 | 2);
	varint(file, &at, n);
	memcpy(file + at, bytes, n);
	at += n;
}

static void sample(uint64_t leaf, uint64_t time_ns)
{
	unsigned char m[100], label[50];
	size_t n = 0, l = 0;

	field(label, &l, 1, 7);
	field(label, &l, 3, time_ns);
	field(m, &n, 1, leaf);
	field(m, &n, 1, 1);
	field(m, &n, 2, 1);
	varint(m, &n, 3 << 3 | 2);
	varint(m, &n, l);
	memcpy(m + n, label, l);
	message(2, m, n + l);
}

int main(int argc, char **argv)
{
	static const char *const strings[] = {"",      "samples", "count", "always",
					      "early", "late",    "main",  "end_timestamp_ns"};
	static const uint64_t names[] = {6, 3, 4, 5};
	unsigned char m[100];
	size_t n = 0;
	FILE *f;

	field(m, &n, 1, 1);
	field(m, &n, 2, 2);
	message(1, m, n);
	for (uint64_t block = 1; block <= 100; block++) {
		uint64_t time_ns = 1700000000000000000ull + block * 20000000;

		sample(2, time_ns);
		sample(block <= 50 ? 3 : 4, time_ns);
	}
	for (uint64_t i = 0; i < 4; i++) {
		unsigned char line[20];
		size_t l = 0;

		n = 0;
		field(line, &l, 1, i + 1);
		field(m, &n, 1, i + 1);
		varint(m, &n, 4 << 3 | 2);
		varint(m, &n, l);
		memcpy(m + n, line, l);
		message(4, m, n + l);
		n = 0;
		field(m, &n, 1, i + 1);
		field(m, &n, 2, names[i]);
		message(5, m, n);
	}
	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++)
		message(6, strings[i], strlen(strings[i]));
	f = argc == 2 ? fopen(argv[1], "w") : NULL;
	return !f || fwrite(file, 1, at, f) != at || fclose(f) != 0;
}
