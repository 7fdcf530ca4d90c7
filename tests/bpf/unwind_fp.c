/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frame-pointer walker of the kernel side, over stacks made up in memory. */
#include "unit/test.h"

#include "unwind_fp.bpf.c"

enum { BASE = 0x10000000, WORDS = 32768 };

static u64 memory[WORDS];
static struct user_scratch scratch;
struct user_scratch_map user_scratch;
const volatile struct config config = {.max_depth = 1024};

/* Code for return addresses: a call of five bytes ends at each of them. */
enum { CODE = 0x20000000 };

/*
 * `n` frames of `gap` words each from the stack's bottom; the last one ends the chain with `last`.
 * Code lies behind the stack in the same memory, so that the bytes before a return address are
 * read.
 */
static void make_chain(unsigned n, unsigned gap, u64 last)
{
	memset(memory, 0, sizeof(memory));
	for (unsigned i = 0; i < n; i++) {
		u64 at = 2 + (u64)i * gap;

		memory[at] = i + 1 < n ? BASE + (at + gap) * 8 : last;
		memory[at + 1] = BASE + (WORDS - 8) * 8 + 5; /* after e8 and four bytes */
	}
	memset((char *)&memory[WORDS - 8], 0x90, 64);
	((unsigned char *)&memory[WORDS - 8])[0] = 0xe8;
	host_memory = (char *)memory;
	host_base = BASE;
	host_len = sizeof(memory);
	host_scratch = &scratch;
	memset(&scratch, 0, sizeof(scratch));
	scratch.frame.pc = CODE;
	scratch.frame.sp = BASE;
	scratch.frame.fp = BASE + 16;
	scratch.hash = 7;
}

static void walks_chains_of_every_shape(void **state)
{
	(void)state;
	for (host_has_loop = 0; host_has_loop < 2; host_has_loop++)
		for (unsigned gap = 2; gap < 200; gap += 9)
			for (unsigned n = 1; n < 100; n += 7) {
				make_chain(n, gap, 0);
				assert_int_equal(unwind_by_frame_pointers(0), 0);
				assert_int_equal(scratch.n, n + 1);
				assert_int_equal(scratch.end, WALK_ZERO);
				assert_int_equal(scratch.cfa,
						 BASE + (2 + (u64)(n - 1) * gap + 2) * 8);
			}
	host_has_loop = 1;
}

static void goes_1024_deep_and_says_so(void **state)
{
	(void)state;
	make_chain(1023, 4, 0);
	unwind_by_frame_pointers(0);
	assert_int_equal(scratch.n, 1024);
	assert_int_equal(scratch.end, WALK_ZERO);
	make_chain(1500, 4, 0);
	unwind_by_frame_pointers(0);
	assert_int_equal(scratch.n, 1024);
	assert_int_equal(scratch.end, WALK_DEPTH);
}

static void reads_by_windows(void **state)
{
	(void)state;
	make_chain(64, 6, 0);
	host_reads = 0;
	unwind_by_frame_pointers(0);
	assert_int_equal(scratch.n, 65);
	assert_true(host_reads <= 64 * 48 / 1024 + 2); /* three windows and the code's bytes */
}

static void garbage_ends_the_walk(void **state)
{
	(void)state;
	make_chain(5, 4, BASE + 8); /* backwards */
	unwind_by_frame_pointers(0);
	assert_int_equal(scratch.n, 6);
	assert_int_equal(scratch.end, WALK_BACKWARDS);
	make_chain(5, 4, 0);
	scratch.frame.fp = BASE + 16 + 1; /* misaligned: no frame pointer at all */
	unwind_by_frame_pointers(0);
	assert_int_equal(scratch.n, 1);
	assert_int_equal(scratch.end, WALK_NOT_CODE);
	make_chain(5, 4, 0);
	scratch.frame.fp = 1ull << 40; /* far away: another use of the register */
	unwind_by_frame_pointers(0);
	assert_int_equal(scratch.n, 1);
	make_chain(5, 4, BASE + sizeof(memory) + 64);
	unwind_by_frame_pointers(0);
	assert_int_equal(scratch.n, 6);
	assert_int_equal(scratch.end, WALK_UNREADABLE);
}

static void a_last_word_that_is_no_return_address_is_dropped(void **state)
{
	u64 with, without;

	(void)state;
	make_chain(5, 4, 1);
	memory[2 + 4 * 4 + 1] = BASE + 64; /* data, no call before it */
	unwind_by_frame_pointers(0);
	assert_int_equal(scratch.n, 5);
	assert_int_equal(scratch.end, WALK_NOT_CODE);
	assert_int_equal(scratch.cfa, BASE + (2 + 3 * 4 + 2) * 8);
	without = scratch.hash;
	make_chain(4, 4, 1);
	unwind_by_frame_pointers(0);
	with = scratch.hash;
	assert_int_equal(scratch.n, 5);
	assert_true(with == without); /* the dropped word has left no trace */
}

static void the_hash_tells_stacks_apart(void **state)
{
	u64 first, other;

	(void)state;
	make_chain(5, 4, 0);
	unwind_by_frame_pointers(0);
	first = scratch.hash;
	make_chain(6, 4, 0);
	unwind_by_frame_pointers(0);
	other = scratch.hash;
	assert_true(first != other);
	make_chain(5, 4, 0);
	scratch.hash = 8; /* another process */
	unwind_by_frame_pointers(0);
	assert_true(first != scratch.hash);
}

TESTS(T(walks_chains_of_every_shape), T(goes_1024_deep_and_says_so), T(reads_by_windows),
      T(garbage_ends_the_walk), T(a_last_word_that_is_no_return_address_is_dropped),
      T(the_hash_tells_stacks_apart))
