/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One step up a stack by libdw's call frame information. */
#include "unwind/full.h"

#include "base/mem.h"

#include <dwarf.h>
#include <elfutils/libdw.h>

enum { MAX_OPERANDS = 32, MAX_OPERATIONS = 256 };

struct full_state {
	Dwarf *dwarf;          /* for .debug_frame */
	Dwarf_CFI *eh, *debug; /* `debug` belongs to `dwarf` */
};

static void full_state_free(void *state)
{
	struct full_state *s = state;

	if (s->eh)
		dwarf_cfi_end(s->eh);
	if (s->dwarf)
		dwarf_end(s->dwarf);
	free(s);
}

static struct full_state *full_state_get(struct image *image)
{
	struct full_state *s = image->unwind_full;

	if (s)
		return s;
	s = mem_alloc(sizeof(*s));
	if (elf_file_may_unwind(image->elf))
		s->eh = dwarf_getcfi_elf(elf_file_handle(image->elf));
	else
		s->dwarf = dwarf_begin_elf(elf_file_handle(image->elf), DWARF_C_READ, NULL);
	if (s->dwarf)
		s->debug = dwarf_getcfi(s->dwarf);
	image->unwind_full = s;
	image->free_unwind_full = full_state_free;
	return s;
}

void *full_frame(struct image *image, uint64_t address)
{
	struct full_state *s;
	Dwarf_Frame *frame;

	if (!image->elf)
		return NULL;
	s = full_state_get(image);
	if (s->eh && !dwarf_cfi_addrframe(s->eh, address, &frame))
		return frame;
	if (s->debug && !dwarf_cfi_addrframe(s->debug, address, &frame))
		return frame;
	return NULL;
}

/* -- expressions -- */

struct evaluation {
	const struct full_registers *registers;
	uint64_t cfa;
	full_read *read;
	void *ctx;
	uint64_t stack[MAX_OPERANDS];
	int n;
	bool exact;    /* the frame was interrupted: it made no call */
	bool is_value; /* the result is the value itself, not where it lies */
};

static bool push(struct evaluation *e, uint64_t value)
{
	if (e->n == MAX_OPERANDS)
		return false;
	e->stack[e->n++] = value;
	return true;
}

static bool push_register(struct evaluation *e, uint64_t number, int64_t offset)
{
	return number < N_REGS && e->registers->known >> number & 1 &&
	       push(e, e->registers->values[number] + (uint64_t)offset);
}

static bool binary(struct evaluation *e, uint8_t atom)
{
	uint64_t a, b;

	if (e->n < 2)
		return false;
	b = e->stack[--e->n];
	a = e->stack[--e->n];
	switch (atom) {
	case DW_OP_plus:
		return push(e, a + b);
	case DW_OP_minus:
		return push(e, a - b);
	case DW_OP_mul:
		return push(e, a * b);
	case DW_OP_and:
		return push(e, a & b);
	case DW_OP_or:
		return push(e, a | b);
	case DW_OP_xor:
		return push(e, a ^ b);
	case DW_OP_shl:
		return push(e, b < 64 ? a << b : 0);
	case DW_OP_shr:
		return push(e, b < 64 ? a >> b : 0);
	case DW_OP_ge:
		return push(e, (int64_t)a >= (int64_t)b);
	case DW_OP_gt:
		return push(e, (int64_t)a > (int64_t)b);
	case DW_OP_le:
		return push(e, (int64_t)a <= (int64_t)b);
	case DW_OP_lt:
		return push(e, (int64_t)a < (int64_t)b);
	case DW_OP_eq:
		return push(e, a == b);
	case DW_OP_ne:
		return push(e, a != b);
	default:
		return false;
	}
}

static bool memory(struct evaluation *e)
{
	uint64_t word;

	if (!e->n || !e->read(e->ctx, e->stack[e->n - 1], &word))
		return false;
	e->stack[e->n - 1] = word;
	return true;
}

static bool operate(struct evaluation *e, const Dwarf_Op *op)
{
	if (op->atom >= DW_OP_lit0 && op->atom <= DW_OP_lit31)
		return push(e, op->atom - DW_OP_lit0);
	if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31)
		return push_register(e, op->atom - DW_OP_breg0, (int64_t)op->number);
	if (op->atom >= DW_OP_reg0 && op->atom <= DW_OP_reg31) {
		e->is_value = true;
		return push_register(e, op->atom - DW_OP_reg0, 0);
	}
	switch (op->atom) {
	case DW_OP_nop:
		return true;
	case DW_OP_bregx:
		return push_register(e, op->number, (int64_t)op->number2);
	case DW_OP_regx:
		e->is_value = true;
		return push_register(e, op->number, 0);
	case DW_OP_call_frame_cfa:
		return push(e, e->cfa);
	case DW_OP_plus_uconst:
		return e->n && (e->stack[e->n - 1] += op->number, true);
	case DW_OP_const1u:
	case DW_OP_const1s:
	case DW_OP_const2u:
	case DW_OP_const2s:
	case DW_OP_const4u:
	case DW_OP_const4s:
	case DW_OP_const8u:
	case DW_OP_const8s:
	case DW_OP_constu:
	case DW_OP_consts:
		return push(e, op->number);
	case DW_OP_stack_value:
		e->is_value = true;
		return true;
	case DW_OP_deref:
		return memory(e);
	case DW_OP_dup:
		return e->n && push(e, e->stack[e->n - 1]);
	case DW_OP_drop:
		return e->n && e->n--;
	default:
		return binary(e, op->atom);
	}
}

static bool evaluate(struct evaluation *e, const Dwarf_Op *ops, size_t n, uint64_t *ret)
{
	e->n = 0;
	e->is_value = false;
	if (n > MAX_OPERATIONS)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!operate(e, &ops[i]))
			return false;
	if (!e->n)
		return false;
	*ret = e->stack[e->n - 1];
	return true;
}

/* -- frames -- */

/* Registers that functions preserve unless their information says otherwise: rbx, rbp, r12 to r15.
 */
static bool is_preserved(int reg)
{
	return reg == 3 || reg == REG_FP || (reg >= 12 && reg <= 15);
}

/* The caller's value of one register. Returns whether it is known. */
static bool caller_register(struct evaluation *e, Dwarf_Frame *frame, int reg, uint64_t *ret)
{
	Dwarf_Op memory_ops[3], *ops;
	size_t n;

	if (dwarf_frame_register(frame, reg, memory_ops, &ops, &n))
		return false;
	if (!n) {
		*ret = e->registers->values[reg];
		/* What nothing is said of may be preserved by a function that knows its caller. */
		return e->registers->known >> reg & 1 &&
		       (e->exact || (ops != memory_ops && is_preserved(reg)));
	}
	if (!evaluate(e, ops, n, ret))
		return false;
	return e->is_value || e->read(e->ctx, *ret, ret);
}

enum full_result full_step(struct image *image, uint64_t address, struct full_registers *registers,
			   bool exact, full_read *read, void *ctx, bool *ret_is_signal)
{
	auto_free Dwarf_Frame *frame = full_frame(image, address);
	struct evaluation e = {.registers = registers, .exact = exact, .read = read, .ctx = ctx};
	struct full_registers caller = {0};
	Dwarf_Op memory_ops[3], *ops;
	size_t n;
	int ra;

	if (!frame)
		return FULL_NONE;
	ra = dwarf_frame_info(frame, NULL, NULL, ret_is_signal);
	if (ra != REG_RA || dwarf_frame_register(frame, ra, memory_ops, &ops, &n))
		return FULL_FAILED;
	if (!n && ops == memory_ops)
		return FULL_FIRST;
	if (dwarf_frame_cfa(frame, &ops, &n) || !evaluate(&e, ops, n, &e.cfa))
		return FULL_FAILED;
	for (int reg = 0; reg < N_REGS; reg++)
		if (caller_register(&e, frame, reg, &caller.values[reg]))
			caller.known |= 1u << reg;
	if (!(caller.known >> REG_RA & 1))
		return FULL_FAILED;
	/* What nothing says about the stack pointer is that it is the CFA. */
	if (!(caller.known >> REG_SP & 1)) {
		caller.values[REG_SP] = e.cfa;
		caller.known |= 1u << REG_SP;
	}
	*registers = caller;
	return FULL_CALLER;
}
