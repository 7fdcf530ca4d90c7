/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks by the kernel's ids: how long an id stands for its stack. */
#include "unit/test.h"

#include "base/mem.h"
#include "collect/resolved.h"

static const uint64_t frames[] = {0xffffffff81000010, 0xffffffff81000020};

struct bench {
	struct profile p;
	struct images *images;
	struct resolved *r;
};

static void begin(struct bench *b)
{
	profile_init(&b->p);
	b->images = images_new();
	b->r = resolved_new(&b->p, b->images, 100, true);
}

static void end(struct bench *b)
{
	resolved_free(b->r);
	images_free(b->images);
	profile_release(&b->p);
}

/* A kernel's stack of `n` frames; returns its id. */
static uint64_t add(struct bench *b, uint32_t n)
{
	struct kernel_stack_record record;

	assert_true(kernel_stack_make(&record, frames, n) > 0);
	resolved_add_kernel(b->r, &record.head);
	return record.head.id;
}

/* Frames of the stack that a count of that id has; -1: it is not there. */
static int depth(struct bench *b, uint64_t id)
{
	const struct count_key key = {.kernel_stack = id};
	bool missing = false;
	stack_id stack = resolved_find(b->r, &key, 1, &missing);
	int n = 0;

	for (; stack != NO_ID; stack = stacks_parent(&b->p.stacks, stack))
		n++;
	return missing ? -1 : n;
}

static void ids_are_found_until_they_are_sent_no_more(void **state)
{
	struct bench b;
	uint64_t one, two;

	(void)state;
	begin(&b);
	one = add(&b, 1);
	two = add(&b, 2);
	assert_int_equal(depth(&b, one), 1);
	assert_int_equal(depth(&b, two), 2);
	assert_int_equal(depth(&b, two + 1), -1);
	/* The kernel side has forgotten what it sent: for a while counts of before may come. */
	resolved_settle(b.r, true);
	assert_int_equal(depth(&b, one), 1);
	assert_int_equal(depth(&b, two), 2);
	/* What crosses again is as young as a new one. */
	assert_int_equal(add(&b, 2), two);
	resolved_settle(b.r, true);
	assert_int_equal(depth(&b, one), -1);
	assert_int_equal(depth(&b, two), 2);
	resolved_settle(b.r, false);
	assert_int_equal(depth(&b, two), 2);
	/* The same frames are the same stack. */
	assert_int_equal(b.p.n_frames, 3 + 2); /* and three notes */
	end(&b);
}

static void captures_are_counted_once(void **state)
{
	struct bench b;
	const struct space space = {.pid = 7};
	struct captured *c = mem_alloc(sizeof(*c));
	struct count_key key = {.kernel_stack = STACK_NONE};
	struct account a = {0};
	bool missing = false;
	uint64_t torn;

	(void)state;
	begin(&b);
	c->frames[0] = 0x1234; /* in nothing that is mapped */
	c->n = 1;
	c->end = WALK_NO_MAPPING;
	key.user_stack = resolved_new_id(b.r);
	resolved_add_captured(b.r, key.user_stack, c, &space, 1, false, NULL);
	torn = resolved_new_id(b.r);
	resolved_add_torn(b.r, torn);
	assert_true(resolved_find(b.r, &key, 2, &missing) != NO_ID);
	assert_false(missing);
	key.user_stack = torn;
	assert_true(resolved_find(b.r, &key, 3, &missing) != NO_ID);
	assert_false(missing);
	resolved_account(b.r, &a);
	assert_int_equal(a.user_stacks, 5);
	assert_int_equal(a.user_stacks_complete, 0);
	assert_int_equal(a.lost, 3);
	account_release(&a);
	/* Two settlements later nobody counts under its id any more. */
	resolved_settle(b.r, false);
	resolved_settle(b.r, false);
	assert_true(resolved_find(b.r, &key, 1, &missing) != NO_ID);
	assert_true(missing);
	free(c);
	end(&b);
}

TESTS(T(ids_are_found_until_they_are_sent_no_more), T(captures_are_counted_once))
