/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guessed caller is compared with the code, of which this program has some of every kind. */
#include "unit/test.h"
#include "unit/own_code.h"

#include "unwind/calls.h"

/* Each calls as its name says; the label is where the call returns to. */
asm(".text\n"
    "calls_leaf: xor %eax, %eax\ncalls_leaf_body: ret\n"
    "calls_other: xor %eax, %eax\ncalls_other_body: ret\n"
    "calls_jumps: test %edi, %edi\nje calls_leaf\njmp calls_other\n"
    "calls_table: lea calls_leaf(%rip), %rax\njmp *%rax\n"
    "calls_pushes: push %rax\nret\n"
    "calls_direct: call calls_leaf\ncalls_direct_back: ret\n"
    "calls_by_jump: call calls_jumps\ncalls_by_jump_back: ret\n"
    "calls_by_table: call calls_table\ncalls_by_table_back: ret\n"
    "calls_by_push: call calls_pushes\ncalls_by_push_back: ret\n"
    "calls_indirect: call *%rax\ncalls_indirect_back: ret\n"
    ".type calls_stops, @function\ncalls_stops: call calls_leaf\nnop\n.size calls_stops, . - "
    "calls_stops\n"
    ".type calls_behind, @function\ncalls_behind: jmp calls_other\n.size calls_behind, . - "
    "calls_behind\n"
    ".type calls_fork, @function\ncalls_fork: jmp 2f\n1: jmp calls_next\n2: test %edi, %edi\n"
    "jne 1b\ncall calls_leaf\n.size calls_fork, . - calls_fork\n"
    ".type calls_next, @function\ncalls_next: xor %eax, %eax\ncalls_next_body: ret\n"
    ".size calls_next, . - calls_next\n"
    "calls_forking: call calls_fork\ncalls_forking_back: ret\n"
    ".type calls_outer, @function\ncalls_outer: call calls_leaf\n"
    ".type calls_inner, @function\ncalls_inner: nop\n.size calls_inner, . - calls_inner\n"
    "jmp calls_other\n.size calls_outer, . - calls_outer\n"
    "calls_outside: call calls_outer\ncalls_outside_back: ret\n"
    "calls_stopping: call calls_stops\ncalls_stopping_back: ret\n"
    "calls_nothing: xor %eax, %eax\nxor %eax, %eax\nxor %eax, %eax\nxor %eax, %eax\n"
    "calls_nothing_back: ret\n");

static const char *const names[] = {
	"calls_leaf_body",     "calls_other_body",   "calls_direct_back",   "calls_by_jump_back",
	"calls_by_table_back", "calls_by_push_back", "calls_indirect_back", "calls_nothing_back",
	"calls_stopping_back", "calls_behind",       "calls_forking_back",  "calls_next_body",
	"calls_outside_back"};
enum {
	LEAF,
	OTHER,
	DIRECT,
	BY_JUMP,
	BY_TABLE,
	BY_PUSH,
	INDIRECT,
	NOTHING,
	STOPPING,
	BEHIND,
	FORKING,
	NEXT,
	OUTSIDE,
	N_NAMES
};

static void callers_are_compared(void **state)
{
	struct calls *c = calls_new();
	uint64_t at[N_NAMES];
	struct elf_file *elf = own_code(names, at, N_NAMES);

	(void)state;
	assert_int_equal(calls_lead(c, elf, at[DIRECT], at[LEAF]), LEAD_PROVEN);
	assert_int_equal(calls_lead(c, elf, at[DIRECT], at[OTHER]), LEAD_IMPOSSIBLE);
	assert_int_equal(calls_lead(c, elf, at[DIRECT], 0), LEAD_IMPOSSIBLE); /* in another file */
	assert_int_equal(calls_lead(c, elf, at[BY_JUMP], at[LEAF]), LEAD_PROVEN);
	assert_int_equal(calls_lead(c, elf, at[BY_JUMP], at[OTHER]), LEAD_PROVEN);
	assert_int_equal(calls_lead(c, elf, at[BY_JUMP], at[DIRECT]), LEAD_IMPOSSIBLE);
	assert_int_equal(calls_lead(c, elf, at[BY_TABLE], at[OTHER]), LEAD_POSSIBLE);
	assert_int_equal(calls_lead(c, elf, at[BY_TABLE], 0), LEAD_POSSIBLE);
	assert_int_equal(calls_lead(c, elf, at[BY_PUSH], at[OTHER]), LEAD_POSSIBLE);
	assert_int_equal(calls_lead(c, elf, at[INDIRECT], at[OTHER]), LEAD_POSSIBLE);
	assert_int_equal(calls_lead(c, elf, at[NOTHING], at[LEAF]), LEAD_IMPOSSIBLE);
	/* Behind the last call of a function another one begins. */
	assert_int_equal(calls_lead(c, elf, at[STOPPING], at[OTHER]), LEAD_IMPOSSIBLE);
	assert_int_equal(calls_lead(c, elf, at[STOPPING], at[BEHIND]), LEAD_IMPOSSIBLE);
	/* But it may be jumped to; and what another one reaches beyond is no end. */
	assert_int_equal(calls_lead(c, elf, at[FORKING], at[NEXT]), LEAD_PROVEN);
	assert_int_equal(calls_lead(c, elf, at[OUTSIDE], at[OTHER]), LEAD_PROVEN);
	/* Asked again, out of what is remembered. */
	assert_int_equal(calls_lead(c, elf, at[DIRECT], at[OTHER]), LEAD_IMPOSSIBLE);
	calls_free(c);
	elf_file_free(elf);
}

TESTS(T(callers_are_compared))
