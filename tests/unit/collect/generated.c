/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Generated code is parted into functions while it is there, and else by pages. */
#include "unit/test.h"

#include "base/mem.h"
#include "collect/generated.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BYTES = 1 << 16, FUNCTION = 48, FIRST = 0x3ff0 };

/* Functions of 40 bytes and padding; the first one begins before an edge of what is read at once.
 */
static void functions_of_memory(void **state)
{
	static const uint8_t ret = 0xc3, int3 = 0xcc;
	uint8_t *code =
		mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const uint64_t at = (uintptr_t)code;
	const struct space_map map = {at, at + BYTES, 0, NULL};
	struct space self = {.pid = getpid()};
	struct generated *g = generated_new();

	(void)state;
	assert_ptr_not_equal(code, MAP_FAILED);
	memset(code, int3, BYTES);
	for (size_t i = FIRST; i + FUNCTION <= BYTES; i += FUNCTION) {
		memset(code + i, 0x90, 39); /* nop */
		code[i] = 0x53;             /* push %rbx */
		code[i + 39] = ret;
	}
	for (uint64_t i = FIRST; i + FUNCTION <= BYTES; i += FUNCTION)
		for (uint64_t k = 0; k < 40; k += 13)
			assert_int_equal(generated_start(g, &self, &map, at + i + k), at + i);

	/* Of code that is gone, what was read stays known; what was not is parted by pages. */
	munmap(code, BYTES);
	assert_int_equal(generated_start(g, &self, &map, at + FIRST + 5), at + FIRST);
	generated_free(g);
	g = generated_new();
	assert_int_equal(generated_start(g, &self, &map, at + FIRST + 5),
			 at + (FIRST & ~(uint64_t)4095));
	/* An address beyond the mapping, as one in no mapping is given. */
	assert_int_equal(generated_start(g, &self, &(struct space_map){0, 1, 0, NULL}, 0x5123),
			 0x5000);
	generated_free(g);
}

TESTS(T(functions_of_memory))
