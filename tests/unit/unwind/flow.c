/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Code without tables is followed, and what is not certain gets no rule. */
#include "unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "abi/unwind_rule.h"
#include "base/mem.h"
#include "unwind/flow.h"

/* Each piece begins at a multiple of 16, as the linker leaves it. What is expected at a label is
 * said in the test. */
asm(".section .rodata\n.balign 64\n"
    ".macro piece name\n.balign 64, 0x90\n.globl \\name\n\\name:\n.endm\n"

    "piece flow_pushes\n"
    "push %rbp\npush %rbx\nsub $40, %rsp\n"
    "flow_pushes_body: call . + 64\n"
    "test %eax, %eax\nje 1f\nadd $40, %rsp\npop %rbx\npop %rbp\nret\n"
    "1: flow_pushes_branch: xor %ebp, %ebp\nadd $40, %rsp\npop %rbx\npop %rbp\nret\n"
    "piece flow_pushes_end\n"

    "piece flow_frame\n"
    "push %rbp\nmov %rsp, %rbp\npush %r12\nsub %rdi, %rsp\n"
    "flow_frame_body: nop\nlea -8(%rbp), %rsp\npop %r12\npop %rbp\nret\n"
    "piece flow_frame_end\n"

    /* As x264 aligns its stack. */
    "piece flow_slot\n"
    "mov %rsp, %rax\nand $-64, %rsp\nsub $128, %rsp\nmov %rax, 120(%rsp)\n"
    "flow_slot_body: xor %eax, %eax\nmov 120(%rsp), %rsp\nret\n"
    "piece flow_slot_end\n"

    /* As libjpeg-turbo does. */
    "piece flow_base\n"
    "push %rbp\nmov %rsp, %rax\nsub $8, %rsp\nand $-32, %rsp\nmov %rax, (%rsp)\nmov %rsp, %rbp\n"
    "sub $64, %rsp\npush %rbx\n"
    "flow_base_body: nop\npop %rbx\nmov %rbp, %rsp\npop %rsp\npop %rbp\nret\n"
    "piece flow_base_end\n"

    /* A jump through a table: where it leads is told by how that returns. */
    "piece flow_table\n"
    "push %rbp\npush %rbx\nlea 1f(%rip), %rax\njmp *%rax\n"
    "1: flow_table_target: mov $1, %ebp\npop %rbx\npop %rbp\nret\n"
    "piece flow_table_end\n"

    /* Two ways to one place, with the stack in two states. */
    "piece flow_differs\n"
    "test %edi, %edi\nje 1f\npush %rax\n"
    "1: flow_differs_here: nop\nnop\njmp *%rdx\n"
    "piece flow_differs_end\n"

    /* No function: what lies there does not come out even. */
    "piece flow_uneven\n"
    "push %rax\nret\n"
    "piece flow_uneven_end\n"

    /* Functions of several sizes of what they share, the last right behind the one before. */
    "piece flow_sizes\n"
    "call flow_sizes_shared\njmp flow_sizes_common\n.balign 16, 0x90\n"
    "call flow_sizes_shared\nlea (%rdi, %rsi, 4), %rdi\nlea (%rdx, %rcx, 4), %rdx\ncltd\n"
    "jmp flow_sizes_common\n"
    "flow_sizes_next: call flow_sizes_shared\n"
    "flow_sizes_common: xor %eax, %eax\nret\n.balign 16, 0x90\n"
    "flow_sizes_shared: xor %ecx, %ecx\nret\n"
    "piece flow_sizes_end\n"

    /* The call never returns: what follows is another function. */
    "piece flow_ends\n"
    "sub $24, %rsp\ncall . + 4096\n"
    ".balign 16, 0x90\n"
    "flow_ends_next: push %rbx\nflow_ends_body: mov %rdi, %rbx\ncall . + 4096\npop %rbx\nret\n"
    "piece flow_ends_end\n"

    /* A thread's first function, as the C library musl has it. */
    "piece flow_thread\n"
    "mov $56, %eax\nsyscall\ntest %eax, %eax\njnz 1f\nxor %ebp, %ebp\npop %rdi\n"
    "flow_thread_call: call *%r9\nmov %eax, %edi\nxor %eax, %eax\nmov $60, %al\nsyscall\nhlt\n"
    "1: ret\n"
    "piece flow_thread_end\n"

    /* No thread's first function, though nothing comes behind the call but the end. */
    "piece flow_fatal\n"
    "sub $8, %rsp\nflow_fatal_call: call . + 4096\nmov $1, %edi\nmov $60, %eax\nsyscall\n"
    "piece flow_fatal_end\n"

    /* A fiber's: what it returns to lies behind a jump. */
    "piece flow_fiber\n"
    "push %rbp\nflow_fiber_jump: jmp *%rbx\nflow_fiber_bottom: xor %edi, %edi\ncall . + 4096\nhlt\n"
    "piece flow_fiber_end\n"

    /* As gcc -Os leaves it, nothing aligned: a function that never returns, one that only a pointer
     * leads to, one that never returns and of which nothing is told, and one that is called later.
     */
    "piece flow_packed\n"
    "push %rbx\nmov %rdi, %rbx\ncall . + 4096\nflow_packed_body: call . + 4096\n"
    "flow_packed_applet: push %r15\nlea 8(%rsi), %rdi\npush %r14\nsub $8, %rsp\n"
    "flow_packed_applet_body: call . + 4096\nadd $8, %rsp\npop %r14\npop %r15\nret\n"
    "push %rax\ncall . + 4096\n"
    "flow_packed_called: sub $24, %rsp\n"
    "flow_packed_called_body: call . + 4096\nadd $24, %rsp\nret\n"
    "flow_packed_caller: push %rbx\ncall flow_packed_called\npop %rbx\nret\n"
    "piece flow_packed_end\n"

    /* What is pushed behind a call is the next one's, not a function's. */
    "piece flow_arguments\n"
    "push %r13\npush %r12\nsub $8, %rsp\ncall . + 4096\n"
    "mov %eax, %edi\npush %r13\npush %r12\ncall . + 4096\n"
    "add $16, %rsp\nflow_arguments_body: call . + 4096\n"
    "add $8, %rsp\npop %r12\npop %r13\nret\n"
    "piece flow_arguments_end\n"
    ".text\n");

#define PIECE(name)                                                                                \
	extern const uint8_t flow_##name[], flow_##name##_end[];                                   \
	struct flow *f = follow(flow_##name, flow_##name##_end, begins)
#define AT(piece, label)                                                                           \
	({                                                                                         \
		extern const uint8_t flow_##piece##_##label[];                                     \
		flow_rule(f, (uint32_t)(flow_##piece##_##label - flow_##piece));                   \
	})

static struct insn_reader *reader;

static struct flow *follow(const uint8_t *from, const uint8_t *to, bool begins)
{
	struct flow *f = flow_new(reader, from, (uint32_t)(to - from), 0x40000);

	if (begins)
		flow_begins(f, 0);
	flow_follow(f);
	return f;
}

#define SCANNED(cfa, offset, fp, fp_offset) RULE(cfa, offset, fp, fp_offset, RA_SCANNED)

/* All that holds whether or not it is told where the function begins. */
static void check_shapes(bool begins)
{
	{
		PIECE(pushes);
		assert_true(flow_rule(f, 0) == SCANNED(CFA_SP, 8, FP_SAME, 0));
		assert_true(AT(pushes, body) == SCANNED(CFA_SP, 64, FP_SAME, 0));
		assert_true(flow_rule(f, (uint32_t)(flow_pushes_end - flow_pushes - 1)) == 0);
		flow_free(f);
	}
	{
		PIECE(frame);
		assert_true(AT(frame, body) == SCANNED(CFA_FP, 16, FP_AT_CFA, -16));
		flow_free(f);
	}
	{
		PIECE(slot);
		assert_true(AT(slot, body) == SCANNED(CFA_DEREF_SP, 120 | 8 << 16, FP_SAME, 0));
		flow_free(f);
	}
	{
		PIECE(base);
		assert_true(AT(base, body) == SCANNED(CFA_DEREF_SP, 72 | 16 << 16, FP_AT_CFA, -16));
		flow_free(f);
	}
}

static void stacks_are_followed(void **state)
{
	(void)state;
	reader = insn_reader_new();
	check_shapes(true);
	check_shapes(false);
	insn_reader_free(reader);
}

static void a_jump_through_a_table_leads_into_the_function(void **state)
{
	bool begins = true;

	(void)state;
	reader = insn_reader_new();
	PIECE(table);
	assert_true(AT(table, target) == SCANNED(CFA_SP, 24, FP_SAME, 0));
	flow_free(f);
	insn_reader_free(reader);
}

static void what_is_not_certain_has_no_rule(void **state)
{
	bool begins = true;

	(void)state;
	reader = insn_reader_new();
	{
		PIECE(differs);
		assert_true(flow_rule(f, 0) != 0);
		assert_true(AT(differs, here) == 0);
		flow_free(f);
	}
	{
		PIECE(uneven);
		assert_true(flow_rule(f, 0) == 0);
		flow_free(f);
	}
	insn_reader_free(reader);
}

static void a_call_may_not_return(void **state)
{
	bool begins = true;

	(void)state;
	reader = insn_reader_new();
	PIECE(ends);
	assert_true(flow_rule(f, 4) == SCANNED(CFA_SP, 32, FP_SAME, 0));
	assert_true(AT(ends, next) == SCANNED(CFA_SP, 8, FP_SAME, 0));
	assert_true(AT(ends, body) == SCANNED(CFA_SP, 16, FP_SAME, 0));
	flow_free(f);
	insn_reader_free(reader);
}

static void functions_need_not_be_aligned(void **state)
{
	bool begins = false;

	(void)state;
	reader = insn_reader_new();
	{
		PIECE(packed);
		assert_true(flow_rule(f, 0) == SCANNED(CFA_SP, 8, FP_SAME, 0));
		assert_true(AT(packed, body) == SCANNED(CFA_SP, 16, FP_SAME, 0));
		assert_true(AT(packed, applet) == SCANNED(CFA_SP, 8, FP_SAME, 0));
		assert_true(AT(packed, applet_body) == SCANNED(CFA_SP, 32, FP_SAME, 0));
		assert_true(AT(packed, called) == SCANNED(CFA_SP, 8, FP_SAME, 0));
		assert_true(AT(packed, called_body) == SCANNED(CFA_SP, 32, FP_SAME, 0));
		assert_true(AT(packed, caller) == SCANNED(CFA_SP, 8, FP_SAME, 0));
		flow_free(f);
	}
	{
		PIECE(sizes);
		assert_true(AT(sizes, next) == SCANNED(CFA_SP, 8, FP_SAME, 0));
		assert_true(AT(sizes, common) == SCANNED(CFA_SP, 8, FP_SAME, 0));
		flow_free(f);
	}
	{
		PIECE(arguments);
		assert_true(AT(arguments, body) == SCANNED(CFA_SP, 32, FP_SAME, 0));
		flow_free(f);
	}
	insn_reader_free(reader);
}

static void threads_and_fibers_have_a_bottom(void **state)
{
	bool begins = false;

	(void)state;
	reader = insn_reader_new();
	{
		PIECE(thread);
		assert_true(AT(thread, call) == RULE(CFA_END, 0, 0, 0, 0));
		flow_free(f);
	}
	{
		PIECE(fatal);
		assert_true(AT(fatal, call) == SCANNED(CFA_SP, 16, FP_SAME, 0));
		flow_free(f);
	}
	{
		PIECE(fiber);
		extern const uint8_t flow_fiber_jump[];

		assert_true(flow_hides_bottom(f, (uint32_t)(flow_fiber_jump - flow_fiber)));
		assert_false(flow_hides_bottom(f, 0));
		flow_free(f);
	}
	insn_reader_free(reader);
}

/* Bytes of no sense end, and nothing is read beyond them. */
static void any_bytes_end(void **state)
{
	uint32_t seed = 1;

	(void)state;
	reader = insn_reader_new();
	for (uint32_t n = 1; n < 3000; n += 1 + n / 5) {
		auto_free uint8_t *code = mem_alloc(n);
		struct flow *f;

		for (uint32_t i = 0; i < n; i++) {
			seed = seed * 1664525 + 1013904223;
			code[i] = (uint8_t)(seed >> 24);
		}
		f = flow_new(reader, code, n, UINT64_MAX - n / 2);
		for (uint32_t i = 0; i < n; i += 97)
			flow_begins(f, i);
		flow_follow(f);
		for (uint32_t i = 0; i < n; i++)
			flow_rule(f, i);
		flow_free(f);
	}
	insn_reader_free(reader);
}

TESTS(T(stacks_are_followed), T(a_jump_through_a_table_leads_into_the_function),
      T(what_is_not_certain_has_no_rule), T(a_call_may_not_return),
      T(functions_need_not_be_aligned), T(threads_and_fibers_have_a_bottom), T(any_bytes_end))
