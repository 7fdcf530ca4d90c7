/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walk by tables of the kernel side, compiled for the host, over a store, stacks and code made
 * up in memory: every kind of rule, every end.
 */
#include "unit/test.h"

#include <stdlib.h>

#include "abi/config.h"
#include "abi/unwind_table.h"
#include "base/mem.h"
#include "unwind/rows.h"
#include "unwind/table.h"

static char *host_store;

#define store_epoch host_epoch
#include "unwind_cfi.bpf.c"

struct user_scratch_map user_scratch;
struct processes_map processes;
struct rule_cache_map rule_cache;
const volatile struct config config = {.max_depth = 1024, .by_tables = 1};
__u32 host_epoch = 77;

enum { BASE = 0x10000000, WORDS = 65536, CODE = BASE + WORDS * 8, CODE_BYTES = 0x10000 };

/* What is walked: the stack, and the code of one file behind it. */
static u64 memory[WORDS + CODE_BYTES / 8];
static struct user_scratch scratch;
static struct rule_cache cache;
static struct process_maps process;
static u32 table_at;
static u64 vaddr;

/* A file's code lies at CODE; in the file at address 0x1000. */
static void *host_find(void *map, const void *key)
{
	(void)key;
	if (map == &user_scratch)
		return &scratch;
	if (map == &rule_cache)
		return &cache;
	return map == &processes && process.n_maps ? &process : NULL;
}

/* Begins a file: rows are added from its address 0x1000 on. */
static struct rows rows;

static void rule(u64 code, u64 length, u64 value)
{
	rows_function(&rows, vaddr + code, vaddr + code + length);
	rows_add(&rows, vaddr + code, value);
}

static void finish_file(u32 kind)
{
	struct table_map map = {.begin = CODE, .end = CODE + CODE_BYTES, .bias = CODE - vaddr};
	struct table_head *t;

	rows_sort(&rows);
	t = table_build(&rows);
	free(host_store);
	host_store = mem_alloc(1 << 20);
	table_at = 4096;
	if (t)
		memcpy(host_store + table_at, t, t->bytes);
	map.table = kind ? kind : table_at;
	memcpy(host_store + 64, &(struct table_maps_head){.serial = 9},
	       sizeof(struct table_maps_head));
	memcpy(host_store + 64 + sizeof(struct table_maps_head), &map, sizeof(map));
	process = (struct process_maps){.maps = 64 + sizeof(struct table_maps_head),
					.serial = 9,
					.n_maps = 1,
					.tag = 1ull << 47,
					.start_ns = 5,
					.exec_id = 1,
					.version = 3};
	free(t);
	rows_release(&rows);
	host_lookup = host_find;
	host_memory = (char *)memory;
	host_base = BASE;
	host_len = sizeof(memory);
	memset(&cache, 0, sizeof(cache));
}

static void begin_at(u64 pc, u64 sp, u64 fp)
{
	memset(&scratch, 0, sizeof(scratch));
	scratch.frame.pc = pc;
	scratch.frame.sp = sp;
	scratch.frame.fp = fp;
	scratch.frame.knows_all = 1;
	scratch.frame.registers[0][REG_SP] = sp;
	scratch.sample.who.start_ns = 5;
	scratch.sample.who.exec_id = 1;
	scratch.sample.who.exec_pages = 9;
}

static u64 *word(u64 address)
{
	return &memory[(address - BASE) / 8];
}

/* The first function's code is at CODE + 0x100; that of all others leads there. */
static void fresh(void)
{
	memset(memory, 0x90, sizeof(memory));
	vaddr = 0x1000;
	rule(0x100, 0x40, RULE(CFA_END, 0, 0, 0, 0));
}

static void sp_and_fp_rules_lead_up(void **state)
{
	(void)state;
	for (host_has_loop = 0; host_has_loop < 2; host_has_loop++) {
		fresh();
		rule(0x200, 0x40, RULE(CFA_SP, 32, FP_AT_CFA, -16, RA_AT_CFA));
		rule(0x300, 0x40, RULE(CFA_FP, 16, FP_AT_CFA, -16, RA_AT_CFA));
		finish_file(0);
		/* 0x200 is called by 0x300, which is called by the first function. */
		*word(BASE + 16) = BASE + 4096; /* fp of 0x300 */
		*word(BASE + 24) = CODE + 0x310;
		*word(BASE + 4096) = 0;
		*word(BASE + 4104) = CODE + 0x110;
		begin_at(CODE + 0x210, BASE, 12345);
		assert_int_equal(unwind_by_tables(0), 0);
		assert_int_equal(scratch.end, WALK_FIRST);
		assert_int_equal(scratch.n, 3);
		assert_int_equal(scratch.frames[1], CODE + 0x310);
		assert_int_equal(scratch.frames[2], CODE + 0x110);
		assert_int_equal(scratch.head.version, 3);
		assert_int_equal(((struct table_head *)(host_store + table_at))->last_used, 77);
	}
	host_has_loop = 1;
}

static void every_kind_of_cfa(void **state)
{
	static const struct {
		u64 rule;
		u64 pc;
	} kinds[] = {
		{RULE(CFA_DEREF_SP, 8 | 16 << 16, FP_SAME, 0, RA_AT_CFA), 0x205},
		{RULE(CFA_DEREF_FP, 0xfff8 | 16 << 16, FP_SAME, 0, RA_AT_CFA), 0x205},
		{RULE(CFA_REG, 24 << 8 | 10, FP_SAME, 0, RA_AT_CFA), 0x205},
		{RULE(CFA_PLT, 11, FP_SAME, 0, RA_AT_CFA), 0x20b},
		{RULE(CFA_SP, 16, FP_SAME, 2, RA_IN_REGISTER), 0x205},
		{RULE(CFA_SP, 16, FP_GO, 0, RA_AT_CFA), 0x205},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		fresh();
		rule(0x200, 0x40, kinds[i].rule);
		finish_file(0);
		*word(BASE + 8) = i < 3 ? BASE + 16 : CODE + 0x110; /* deref: CFA - 16; else RA */
		*word(BASE + 24) = CODE + 0x110;
		*word(BASE + 56) = BASE + 16;
		begin_at(CODE + kinds[i].pc, BASE, BASE + 64);
		scratch.frame.registers[0][10] = BASE + 8;
		scratch.frame.registers[0][2] = CODE + 0x110;
		unwind_by_tables(0);
		assert_int_equal(scratch.end, WALK_FIRST);
		assert_int_equal(scratch.n, 2);
		assert_int_equal(scratch.frames[1], CODE + 0x110);
	}
}

static void a_thousand_frames(void **state)
{
	(void)state;
	fresh();
	rule(0x200, 0x40, RULE(CFA_SP, 48, FP_AT_CFA, -16, RA_AT_CFA));
	finish_file(0);
	for (u64 i = 0; i < 1100; i++)
		*word(BASE + i * 48 + 40) = CODE + 0x208;
	*word(BASE + 1000 * 48 + 40) = CODE + 0x108;
	begin_at(CODE + 0x210, BASE, 0);
	host_reads = 0;
	unwind_by_tables(0);
	assert_int_equal(scratch.end, WALK_FIRST);
	assert_int_equal(scratch.n, 1002);
	assert_true(host_reads < 1002 * 48 / 900 + 8);
	*word(BASE + 1000 * 48 + 40) = CODE + 0x208;
	for (u64 i = 1100; i < 1300; i++)
		*word(BASE + i * 48 + 40) = CODE + 0x208;
	begin_at(CODE + 0x210, BASE, 0);
	unwind_by_tables(0);
	assert_int_equal(scratch.end, WALK_DEPTH);
	assert_int_equal(scratch.n, 1024);
}

static void a_signal_on_another_stack(void **state)
{
	(void)state;
	fresh();
	rule(0x200, 0x40, RULE(CFA_SP, 8, FP_SAME, 0, RA_AT_CFA));
	rule(0x300, 0x10, RULE(CFA_SIGNAL, 0, 0, 0, 0));
	rule(0x400, 0x10, RULE(CFA_REG, 8 << 8 | 0, FP_SAME, 0, RA_AT_CFA)); /* by rax */
	finish_file(0);
	*word(BASE + 0x40000) =
		CODE + 0x301; /* the handler's return address; above it the ucontext */
	for (int i = 0; i < 17; i++)
		*word(BASE + 0x40008 + 40 + 8 * i) = 0;
	*word(BASE + 0x40008 + 40 + 8 * 13) = BASE + 0x1000; /* rax */
	*word(BASE + 0x40008 + 40 + 8 * 15) = BASE + 0x0f00; /* rsp */
	*word(BASE + 0x40008 + 40 + 8 * 16) =
		CODE + 0x400; /* rip: the function's very first byte */
	*word(BASE + 0x1000) = CODE + 0x110;
	begin_at(CODE + 0x210, BASE + 0x40000, 0);
	unwind_by_tables(0);
	assert_int_equal(scratch.end, WALK_FIRST);
	assert_int_equal(scratch.n, 4);
	assert_int_equal(scratch.frames[2], (CODE + 0x400) | FRAME_EXACT);
	assert_int_equal(scratch.frames[3], CODE + 0x110);
}

static void frame_pointers_where_there_is_no_rule(void **state)
{
	(void)state;
	fresh();
	rule(0x500, 0x10, RULE(CFA_SP, 8, FP_SAME, 0, RA_AT_CFA));
	finish_file(0);
	*word(BASE) = CODE + 0x808;    /* the leaf's return address: into code without a rule */
	*word(BASE + 64) = BASE + 128; /* its frame */
	*word(BASE + 72) = CODE + 0x908;
	*word(BASE + 128) = 0;
	*word(BASE + 136) = CODE + 0x108;
	((u8 *)memory)[CODE + 0x903 - BASE] = 0xe8; /* calls end where they return to */
	((u8 *)memory)[CODE + 0x103 - BASE] = 0xe8;
	begin_at(CODE + 0x505, BASE, BASE + 64);
	unwind_by_tables(0);
	assert_int_equal(scratch.end, WALK_FIRST);
	assert_int_equal(scratch.n, 4);
	/* Where no call ends, the register was no frame pointer: the frame is taken back. */
	memset((u8 *)memory + (CODE + 0x900 - BASE), 0, 16);
	begin_at(CODE + 0x505, BASE, BASE + 64);
	memset(&cache, 0, sizeof(cache));
	unwind_by_tables(0);
	assert_int_equal(scratch.end, WALK_NOT_CODE);
	assert_int_equal(scratch.n, 2);
}

static void leaves_of_generated_code(void **state)
{
	static const struct {
		u8 code[4];
		u64 ra, fp; /* where the return address lies, and the caller's frame pointer */
	} positions[] = {
		{{0x55, 0x48, 0x89, 0xe5}, 0, BASE + 256},   /* push %rbp is next */
		{{0x48, 0x89, 0xe5, 0x90}, 8, BASE + 512},   /* it has been pushed */
		{{0xc3, 0x90, 0x90, 0x90}, 0, BASE + 256},   /* about to return */
		{{0x90, 0x90, 0x90, 0x90}, 264, BASE + 512}, /* in the body */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(positions); i++) {
		fresh();
		finish_file(TABLE_GENERATED);
		memcpy((u8 *)memory + (CODE + 0x600 - BASE), positions[i].code, 4);
		*word(BASE) = BASE + 512;
		*word(BASE + positions[i].ra) = CODE + 0x700;
		*word(BASE + 256) = BASE + 512;
		*word(BASE + 512) = 0;
		*word(BASE + 520) = CODE + 0x710;
		if (i < 1 || i == 2)
			*word(BASE + 264) = CODE + 0x710;
		begin_at(CODE + 0x600, BASE, BASE + 256);
		unwind_by_tables(0);
		assert_true(scratch.n >= 3);
		assert_int_equal(scratch.frames[1],
				 (CODE + 0x700) | FRAME_GUESSED |
					 (i + 1 == ARRAY_SIZE(positions) ? FRAME_CHAINED : 0));
		assert_int_equal(scratch.frames[2], (CODE + 0x710) | FRAME_GUESSED | FRAME_CHAINED);
		assert_int_equal(scratch.end, WALK_CHAIN);
	}
}

/* A direct call that ends at one place of the code and leads to another. */
static void call(u64 ends_at, u64 leads_to)
{
	__s32 distance = (__s32)(leads_to - ends_at);

	((u8 *)memory)[CODE + ends_at - 5 - BASE] = 0xe8;
	memcpy((u8 *)memory + (CODE + ends_at - 4 - BASE), &distance, sizeof(distance));
}

/* In HotSpot's interpreter the instruction that probes the stack is no function's first one. */
static void a_probe_is_believed_behind_a_call_alone(void **state)
{
	(void)state;
	for (int called = 0; called < 2; called++) {
		fresh();
		finish_file(TABLE_GENERATED);
		memcpy((u8 *)memory + (CODE + 0x600 - BASE), "\x89\x84\x24\x00\xc0\xfe\xff", 7);
		*word(BASE) = CODE + 0x700;
		*word(BASE + 256) = 0;
		*word(BASE + 264) = CODE + 0x710;
		if (called)
			call(0x700, 0x600);
		begin_at(CODE + 0x600, BASE, BASE + 256);
		unwind_by_tables(0);
		assert_int_equal(scratch.frames[1],
				 called ? (CODE + 0x700) | FRAME_GUESSED
					: (CODE + 0x710) | FRAME_GUESSED | FRAME_CHAINED);
	}
}

/* A leaf without a rule, by whichever of the two words is the better return address. */
static void a_leaf_without_a_rule(void **state)
{
	enum { LEAF = 0x600, TOP = 0x700, CHAIN = 0x808, FAR = 0x9000 };
	static const struct {
		u64 top_leads_to, chain_leads_to; /* 0: no call ends there */
		u64 expected;
	} words[] = {
		{LEAF - 16, LEAF - 16, TOP}, /* a frame of the caller's, which calls itself */
		{LEAF - 16, FAR, TOP},
		{FAR, LEAF - 16, CHAIN}, /* left there by a call before */
		{0, LEAF - 16, CHAIN},
		{FAR, 0, TOP},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		fresh();
		rule(0x100, 1, RULE(CFA_END, 0, 0, 0, 0));
		finish_file(0);
		*word(BASE) = CODE + TOP;
		*word(BASE + 256) = 0;
		*word(BASE + 264) = CODE + CHAIN;
		if (words[i].top_leads_to)
			call(TOP, words[i].top_leads_to);
		if (words[i].chain_leads_to)
			call(CHAIN, words[i].chain_leads_to);
		begin_at(CODE + LEAF, BASE, BASE + 256);
		unwind_by_tables(0);
		assert_true(scratch.n >= 2);
		assert_int_equal(scratch.frames[1],
				 (CODE + words[i].expected) | FRAME_GUESSED |
					 (words[i].expected == CHAIN ? FRAME_CHAINED : 0));
	}
}

/* What code seems to do is a guess, which no zero ends and a call must precede. */
static void a_scanned_rule_is_a_guess(void **state)
{
	(void)state;
	fresh();
	rule(0x200, 0x40, RULE(CFA_SP, 16, FP_SAME, 0, RA_SCANNED));
	finish_file(0);
	*word(BASE + 8) = CODE + 0x230;
	call(0x230, 0x200);
	*word(BASE + 24) = 0;
	begin_at(CODE + 0x205, BASE, 0);
	unwind_by_tables(0);
	assert_int_equal(scratch.n, 2);
	assert_int_equal(scratch.frames[1], (CODE + 0x230) | FRAME_GUESSED);
	assert_int_equal(scratch.end, WALK_CHAIN);
	*word(BASE + 8) = CODE + 0x238;
	memset((u8 *)memory + (CODE + 0x230 - BASE), 0, 8);
	begin_at(CODE + 0x205, BASE, 0);
	unwind_by_tables(0);
	assert_int_equal(scratch.n, 1);
	assert_int_equal(scratch.end, WALK_NOT_CODE);
}

static void every_end_has_its_name(void **state)
{
	(void)state;
	fresh();
	rule(0x200, 0x40, RULE(CFA_SP, 16, FP_SAME, 0, RA_AT_CFA));
	rule(0x300, 0x40, RULE(CFA_UNSUPPORTED, 0, 0, 0, 0));
	rule(0x400, 0x40, RULE(CFA_SP, -16, FP_SAME, 0, RA_AT_CFA));
	finish_file(0);
	begin_at(CODE + 0x310, BASE, 0);
	unwind_by_tables(0);
	assert_int_equal(scratch.end, WALK_UNSUPPORTED);
	begin_at(CODE + 0x410, BASE + 64, 0);
	unwind_by_tables(0);
	assert_int_equal(scratch.end, WALK_BACKWARDS);
	begin_at(CODE + 0x210, BASE - 4096, 0);
	unwind_by_tables(0);
	assert_int_equal(scratch.end, WALK_UNREADABLE);
	*word(BASE + 8) = 0x5000; /* a return address in no mapping */
	begin_at(CODE + 0x210, BASE, 0);
	unwind_by_tables(0);
	assert_int_equal(scratch.end, WALK_NO_MAPPING);
	*word(BASE + 8) = 0;
	begin_at(CODE + 0x210, BASE, 0);
	unwind_by_tables(0);
	assert_int_equal(scratch.end, WALK_ZERO);
	begin_at(CODE + 0x810, BASE, 77);
	unwind_by_tables(0);
	assert_int_equal(scratch.end, WALK_NO_RULE);
	begin_at(CODE + 0x210, BASE, 0);
	scratch.sample.who.exec_id = 2; /* another program by now */
	unwind_by_tables(0);
	assert_int_equal(scratch.end, WALK_NOT_READY);
	begin_at(CODE + 0x210, BASE, 0);
	scratch.sample.who.exec_pages = 10; /* code has come or gone */
	unwind_by_tables(0);
	assert_int_equal(scratch.end, WALK_NOT_READY);
	assert_int_equal(scratch.n, 1);
}

/* Whatever lies on the stack, the walk ends. */
static void a_hostile_stack_ends_the_walk(void **state)
{
	(void)state;
	srand(11);
	for (int i = 0; i < 300; i++) {
		fresh();
		rule(0x200, 0x40, RULE(CFA_SP, 16, FP_SAME, 0, RA_AT_CFA));
		finish_file(0);
		for (int j = 0; j < WORDS; j++)
			memory[j] = rand() % 3 ? BASE + (u64)rand() % (WORDS * 8)
					       : CODE + (u64)rand() % CODE_BYTES;
		begin_at(CODE + (u64)rand() % CODE_BYTES, BASE + (u64)rand() % 4096 * 8,
			 BASE + (u64)rand() % 4096 * 8);
		unwind_by_tables(0);
		assert_true(scratch.n >= 1 && scratch.n <= 1024);
		assert_true(scratch.end < N_WALK_ENDS && scratch.end != WALK_GOES_ON);
	}
}

TESTS(T(sp_and_fp_rules_lead_up), T(every_kind_of_cfa), T(a_thousand_frames),
      T(a_signal_on_another_stack), T(frame_pointers_where_there_is_no_rule),
      T(leaves_of_generated_code), T(a_probe_is_believed_behind_a_call_alone),
      T(a_leaf_without_a_rule), T(a_scanned_rule_is_a_guess), T(every_end_has_its_name),
      T(a_hostile_stack_ends_the_walk))
