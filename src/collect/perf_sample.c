/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samples that perf itself takes. */
#include "collect/perf_sample.h"

#include "proc/procfs.h"

#include "abi/unwind_frame.h"
#include "base/cursor.h"
#include "base/mem.h"
#include "collect/captures.h"

#include <asm/perf_regs.h>
#include <string.h>
#include <time.h>

/* The user's registers in the order of perf, which is that of their bits, as DWARF numbers them. */
static const uint8_t dwarf_of_perf[] = {
	[PERF_REG_X86_AX] = 0,   [PERF_REG_X86_BX] = 3,   [PERF_REG_X86_CX] = 2,
	[PERF_REG_X86_DX] = 1,   [PERF_REG_X86_SI] = 4,   [PERF_REG_X86_DI] = 5,
	[PERF_REG_X86_BP] = 6,   [PERF_REG_X86_SP] = 7,   [PERF_REG_X86_IP] = 16,
	[PERF_REG_X86_R8] = 8,   [PERF_REG_X86_R9] = 9,   [PERF_REG_X86_R10] = 10,
	[PERF_REG_X86_R11] = 11, [PERF_REG_X86_R12] = 12, [PERF_REG_X86_R13] = 13,
	[PERF_REG_X86_R14] = 14, [PERF_REG_X86_R15] = 15,
};

/* All but flags and segments. */
#define REGISTER_BITS (0x1ffull | 0xffull << PERF_REG_X86_R8)

void perf_sample_attr(struct perf_event_attr *attr, uint32_t stack_bytes, bool with_kernel)
{
	attr->size = sizeof(*attr);
	attr->sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID | PERF_SAMPLE_CPU |
			    PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER |
			    PERF_SAMPLE_STACK_USER;
	attr->sample_regs_user = REGISTER_BITS;
	attr->sample_stack_user = stack_bytes;
	attr->exclude_callchain_user = 1;
	attr->exclude_callchain_kernel = !with_kernel;
	attr->exclude_kernel = !with_kernel;
	attr->exclude_hv = !with_kernel;
	attr->sample_id_all = 1;
	attr->use_clockid = 1;
	attr->clockid = CLOCK_MONOTONIC;
}

/* The kernel's part of a call chain: it stands first, between marks. */
static void take_chain(struct cursor *c, uint64_t *frames, struct perf_sample *ret)
{
	uint64_t n = take_u64(c);
	bool in_kernel = false;

	ret->kernel = frames;
	ret->n_kernel = 0;
	for (uint64_t i = 0; i < n && !c->bad; i++) {
		uint64_t ip = take_u64(c);

		if (ip >= (uint64_t)PERF_CONTEXT_MAX)
			in_kernel = ip == (uint64_t)PERF_CONTEXT_KERNEL;
		else if (in_kernel && ret->n_kernel < MAX_KERNEL_FRAMES)
			frames[ret->n_kernel++] = ip;
	}
}

/* Registers and stack, which is dumped from the stack pointer on. */
static struct capture_record *take_user(struct cursor *c, size_t *ret_bytes)
{
	uint64_t registers[ARRAY_SIZE(((struct capture_record *)0)->registers)] = {0};
	uint64_t n, dumped, start, lead;
	struct capture_record *r;
	const uint8_t *stack;

	if (take_u64(c) != PERF_SAMPLE_REGS_ABI_64 || c->bad)
		return NULL;
	for (unsigned bit = 0; bit < ARRAY_SIZE(dwarf_of_perf); bit++)
		if (REGISTER_BITS >> bit & 1)
			registers[dwarf_of_perf[bit]] = take_u64(c);
	n = take_u64(c);
	stack = c->at;
	skip(c, n);
	dumped = n ? take_u64(c) : 0;
	if (c->bad || dumped > n)
		return NULL;
	/* A capture begins below the stack pointer, at what a leaf may use there. */
	start = (registers[REG_SP] & ~7ull) - RED_ZONE;
	lead = registers[REG_SP] - start;
	*ret_bytes = sizeof(*r) + lead + dumped;
	r = mem_alloc(*ret_bytes);
	memcpy(r->registers, registers, sizeof(r->registers));
	r->stack_bytes = lead + dumped;
	memcpy((char *)(r + 1) + lead, stack, dumped);
	/* Whole pages only are said to be there; the lead of the first one is zeroes, which no rule
	 * of a frame that has called anybody asks for. */
	r->present = dumped ? ~0ull : 0;
	return r;
}

bool perf_sample_parse(const void *record, size_t size, uint64_t *frames, struct perf_sample *ret)
{
	struct perf_event_header head;
	struct cursor c;

	*ret = (struct perf_sample){0};
	if (size < sizeof(head))
		return false;
	memcpy(&head, record, sizeof(head));
	c = cursor_at(record, size, sizeof(head));
	ret->pid = take_u32(&c);
	ret->tid = take_u32(&c);
	ret->time_ns = take_u64(&c);
	ret->id = take_u64(&c);
	ret->cpu = take_u32(&c);
	take_u32(&c);
	ret->period = take_u64(&c);
	take_chain(&c, frames, ret);
	if (c.bad)
		return false;
	ret->capture = take_user(&c, &ret->capture_bytes);
	if (!ret->capture)
		return !c.bad;
	ret->capture->head.type = RECORD_CAPTURE;
	ret->capture->head.tgid = ret->pid;
	ret->capture->head.time_ns = ret->time_ns;
	ret->capture->head.end = WALK_NOT_READY;
	ret->in_kernel = (head.misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL;
	return true;
}

bool is_after_syscall(pid_t pid, uint64_t pc)
{
	uint16_t before;

	return process_read(pid, pc - sizeof(before), &before, sizeof(before)) != sizeof(before) ||
	       before == 0x050f || before == 0x80cd || before == 0x340f;
}
