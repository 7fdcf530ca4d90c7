/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures are joined from pieces that come interleaved, with holes; what is incomplete is refused.
 */
#include "unit/test.h"

#include <stdlib.h>

#include "abi/unwind_rule.h"
#include "base/mem.h"
#include "collect/captures.h"

static struct piece_record *piece(uint64_t capture, uint64_t address, int fill)
{
	struct piece_record *p = mem_alloc(sizeof(*p));

	p->capture = capture;
	p->address = address;
	p->bytes = CAPTURE_PAGE - address % CAPTURE_PAGE;
	memset(p->data, fill, p->bytes);
	return p;
}

static void add(struct captures *c, uint64_t capture, uint64_t address, int fill)
{
	auto_free struct piece_record *p = piece(capture, address, fill);

	captures_piece(c, p);
}

static struct capture_record record(uint64_t capture, uint64_t sp, uint64_t present)
{
	struct capture_record r = {.present = present};

	r.head.id = capture;
	r.registers[REG_SP] = sp;
	return r;
}

static void pieces_of_two_cpus_with_a_hole(void **state)
{
	struct captures *c = captures_new();
	struct capture_record one = record(1 << 16 | 0, 0x7000f88, 5),
			      two = record(1 << 16 | 1, 0x9000800, 1);
	struct capture_record *joined;
	const uint8_t *stack;
	size_t bytes;

	(void)state;
	assert_int_equal(capture_start(&one), 0x7000f08);
	add(c, 1 << 16 | 0, 0x7000f08, 1);
	add(c, 1 << 16 | 1, capture_start(&two), 9);
	add(c, 1 << 16 | 0, 0x7002000, 3);
	joined = captures_join(c, &one, &bytes);
	assert_non_null(joined);
	assert_int_equal(joined->stack_bytes, 0x7003000 - 0x7000f08);
	assert_int_equal(bytes, sizeof(*joined) + joined->stack_bytes);
	stack = (const uint8_t *)(joined + 1);
	assert_int_equal(stack[0], 1);
	assert_int_equal(stack[0x7001000 - 0x7000f08], 0);
	assert_int_equal(stack[0x7002000 - 0x7000f08], 3);
	free(joined);
	joined = captures_join(c, &two, &bytes);
	assert_non_null(joined);
	assert_int_equal(((const uint8_t *)(joined + 1))[0], 9);
	free(joined);
	captures_free(c);
}

static void what_is_torn_is_refused(void **state)
{
	struct captures *c = captures_new();
	struct capture_record r = record(2 << 16, 0x7000080, 7);
	size_t bytes;

	(void)state;
	add(c, 2 << 16, 0x7000000, 1);
	add(c, 2 << 16, 0x7001000, 1); /* the third was lost */
	assert_null(captures_join(c, &r, &bytes));
	add(c, 3 << 16, 0x7000000, 1);
	r = record(4 << 16, 0x7000080, 1); /* the pieces are another's */
	assert_null(captures_join(c, &r, &bytes));
	r = record(5 << 16, 0x7000080, 1);
	add(c, 5 << 16, 0x6000000, 1); /* below the stack */
	assert_null(captures_join(c, &r, &bytes));
	r = record(6 << 16, 0x7000080, 1);
	add(c, 6 << 16, 0x7f00000000, 1); /* far above */
	assert_null(captures_join(c, &r, &bytes));
	r = record(7 << 16, 0x7000080, 0); /* no stack at all */
	free(captures_join(c, &r, &bytes));
	assert_int_equal(bytes, sizeof(r));
	captures_free(c);
}

TESTS(T(pieces_of_two_cpus_with_a_hole), T(what_is_torn_is_refused))
