/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instructions, as capstone decodes them. */
#include "elf/insn.h"

#include "base/mem.h"
#include "elf/insn_plain.h"

#include <capstone/capstone.h>
#include <string.h>

enum { MAX_INSTRUCTION_BYTES = 15 };

struct insn_reader {
	csh handle;
	cs_insn *insn;
	uint8_t numbers[X86_REG_ENDING]; /* of capstone's registers, whole or in part */
};

/* -- registers -- */

static const uint16_t names[8][5] = {
	{X86_REG_RAX, X86_REG_EAX, X86_REG_AX, X86_REG_AL, X86_REG_AH},
	{X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL, X86_REG_DH},
	{X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL, X86_REG_CH},
	{X86_REG_RBX, X86_REG_EBX, X86_REG_BX, X86_REG_BL, X86_REG_BH},
	{X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL},
	{X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL},
	{X86_REG_RBP, X86_REG_EBP, X86_REG_BP, X86_REG_BPL},
	{X86_REG_RSP, X86_REG_ESP, X86_REG_SP, X86_REG_SPL},
};

static void number_registers(uint8_t *numbers)
{
	memset(numbers, NO_REGISTER, X86_REG_ENDING);
	for (uint8_t i = 0; i < ARRAY_SIZE(names); i++)
		for (size_t j = 0; j < ARRAY_SIZE(names[i]) && names[i][j]; j++)
			numbers[names[i][j]] = i;
	for (uint8_t i = 0; i < 8; i++)
		numbers[X86_REG_R8 + i] = numbers[X86_REG_R8D + i] = numbers[X86_REG_R8W + i] =
			numbers[X86_REG_R8B + i] = (uint8_t)(8 + i);
}

static unsigned number(const struct insn_reader *r, unsigned reg)
{
	return reg < X86_REG_ENDING ? r->numbers[reg] : NO_REGISTER;
}

struct insn_reader *insn_reader_new(void)
{
	struct insn_reader *r = mem_alloc(sizeof(*r));

	if (cs_open(CS_ARCH_X86, CS_MODE_64, &r->handle) != CS_ERR_OK) {
		free(r);
		return NULL;
	}
	cs_option(r->handle, CS_OPT_DETAIL, CS_OPT_ON);
	r->insn = cs_malloc(r->handle);
	number_registers(r->numbers);
	return r;
}

void insn_reader_free(struct insn_reader *r)
{
	if (!r)
		return;
	if (r->insn)
		cs_free(r->insn, 1);
	cs_close(&r->handle);
	free(r);
}

/* -- where it goes -- */

static void set_flow(const struct insn_reader *r, const cs_insn *in, struct insn *ret)
{
	const cs_x86 *x = &in->detail->x86;
	bool direct = x->op_count == 1 && x->operands[0].type == X86_OP_IMM;

	switch (in->id) {
	case X86_INS_CALL:
		ret->flow = direct ? FLOW_CALL : FLOW_INDIRECT_CALL;
		break;
	case X86_INS_JMP:
		ret->flow = direct ? FLOW_JUMP : FLOW_INDIRECT_JUMP;
		break;
	case X86_INS_RET:
		ret->flow = FLOW_RETURN;
		break;
	case X86_INS_HLT:
	case X86_INS_UD2:
	case X86_INS_INT3:
	case X86_INS_RETF:
	case X86_INS_RETFQ:
	case X86_INS_IRETQ:
	case X86_INS_LJMP:
		ret->flow = FLOW_STOP;
		break;
	case X86_INS_SYSCALL:
		ret->flow = FLOW_SYSCALL;
		break;
	default:
		/* Conditional jumps, loops. */
		if (direct && cs_insn_group(r->handle, in, CS_GRP_JUMP))
			ret->flow = FLOW_BRANCH;
	}
	if (direct && ret->flow != FLOW_NEXT)
		ret->target = (uint64_t)x->operands[0].imm;
	ret->is_padding = in->id == X86_INS_NOP || in->id == X86_INS_INT3;
}

/* -- what it does to addresses of the stack -- */

static bool is_whole(const cs_x86_op *op)
{
	return op->type == X86_OP_REG && op->size == 8;
}

/* A word at a register and a constant. */
static bool is_word(const struct insn_reader *r, const cs_x86_op *op)
{
	return op->type == X86_OP_MEM && op->size == 8 && !op->mem.segment && !op->mem.index &&
	       number(r, op->mem.base) != NO_REGISTER;
}

static void set(struct insn *ret, enum insn_effect effect, unsigned to, unsigned from,
		int64_t value)
{
	ret->effect = (uint8_t)effect;
	ret->to = (uint8_t)to;
	ret->from = (uint8_t)from;
	ret->value = value;
}

static void move_effect(const struct insn_reader *r, const cs_x86_op *op, struct insn *ret)
{
	unsigned to = number(r, op[0].reg);

	if (is_whole(&op[0]) && is_whole(&op[1]))
		set(ret, EFFECT_SET, to, number(r, op[1].reg), 0);
	else if (is_whole(&op[0]) && is_word(r, &op[1]))
		set(ret, EFFECT_LOAD, to, number(r, op[1].mem.base), op[1].mem.disp);
	else if (is_word(r, &op[0]) && is_whole(&op[1]))
		set(ret, EFFECT_STORE, number(r, op[0].mem.base), number(r, op[1].reg),
		    op[0].mem.disp);
	else if (op[0].type == X86_OP_REG && op[1].type == X86_OP_IMM)
		set(ret, EFFECT_CONST, to, 0, op[1].imm);
	ret->bytes = op[0].size;
}

static void arithmetic_effect(const struct insn_reader *r, const cs_insn *in, struct insn *ret)
{
	const cs_x86_op *op = in->detail->x86.operands;
	unsigned to = number(r, op[0].reg);
	bool constant = is_whole(&op[0]) && op[1].type == X86_OP_IMM;

	if (in->id == X86_INS_ADD && constant)
		set(ret, EFFECT_SET, to, to, op[1].imm);
	else if (in->id == X86_INS_SUB && constant)
		set(ret, EFFECT_SET, to, to, -op[1].imm);
	else if (in->id == X86_INS_AND && constant && op[1].imm < 0)
		set(ret, EFFECT_ALIGN, to, to, op[1].imm);
	else if (in->id == X86_INS_LEA && is_whole(&op[0]) && !op[1].mem.index &&
		 number(r, op[1].mem.base) != NO_REGISTER)
		set(ret, EFFECT_SET, to, number(r, op[1].mem.base), op[1].mem.disp);
	else if (in->id == X86_INS_XOR && op[0].type == X86_OP_REG && op[1].type == X86_OP_REG &&
		 op[0].reg == op[1].reg && op[0].size >= 4)
		set(ret, EFFECT_CONST, to, 0, 0);
	ret->bytes = op[0].size;
}

static void set_effect(const struct insn_reader *r, const cs_insn *in, struct insn *ret)
{
	const cs_x86 *x = &in->detail->x86;
	const cs_x86_op *op = x->operands;
	unsigned reg = x->op_count == 1 && is_whole(op) ? number(r, op->reg) : NO_REGISTER;

	switch (in->id) {
	case X86_INS_PUSH:
	case X86_INS_PUSHFQ:
		set(ret, EFFECT_PUSH, NO_REGISTER, reg, 0);
		if (x->op_count == 1 && op->type == X86_OP_IMM)
			ret->value = op->imm;
		break;
	case X86_INS_POP:
	case X86_INS_POPFQ:
		set(ret, EFFECT_POP, reg, NO_REGISTER, 0);
		break;
	case X86_INS_LEAVE:
		ret->effect = EFFECT_LEAVE;
		break;
	case X86_INS_MOV:
	case X86_INS_MOVABS:
		move_effect(r, op, ret);
		break;
	case X86_INS_ADD:
	case X86_INS_SUB:
	case X86_INS_AND:
	case X86_INS_LEA:
	case X86_INS_XOR:
		arithmetic_effect(r, in, ret);
		break;
	}
	if ((ret->effect == EFFECT_SET || ret->effect == EFFECT_LOAD ||
	     ret->effect == EFFECT_CONST || ret->effect == EFFECT_ALIGN) &&
	    ret->to == NO_REGISTER)
		ret->effect = EFFECT_OTHER;
}

/* All general registers that it writes; the stack pointer only where it is named: what pushes, pops
 * and calls do to it is their effect. */
static uint32_t written(const struct insn_reader *r, const cs_insn *in)
{
	const cs_x86 *x = &in->detail->x86;
	uint32_t mask = 0;

	for (uint8_t i = 0; i < in->detail->regs_write_count; i++)
		if (number(r, in->detail->regs_write[i]) != number(r, X86_REG_RSP) ||
		    in->id == X86_INS_ENTER)
			mask |= 1u << number(r, in->detail->regs_write[i]);
	for (uint8_t i = 0; i < x->op_count; i++)
		if (x->operands[i].type == X86_OP_REG &&
		    (x->operands[i].access & CS_AC_WRITE || (i == 0 && !x->operands[i].access)))
			mask |= 1u << number(r, x->operands[i].reg);
	return mask & ((1u << NO_REGISTER) - 1);
}

/* -- what is quickly told -- */

static bool branch_to(const uint8_t *code, size_t n, uint64_t address, enum insn_flow flow,
		      unsigned opcode_bytes, unsigned distance_bytes, struct insn *ret)
{
	int32_t distance;

	if (n < opcode_bytes + distance_bytes)
		return false;
	distance = (int8_t)code[opcode_bytes];
	if (distance_bytes == sizeof(distance))
		memcpy(&distance, code + opcode_bytes, sizeof(distance));
	ret->flow = (uint8_t)flow;
	ret->length = (uint8_t)(opcode_bytes + distance_bytes);
	ret->target = address + ret->length + (uint64_t)(int64_t)distance;
	return true;
}

/* Direct branches and calls. */
static bool read_branch(const uint8_t *code, size_t n, uint64_t address, struct insn *ret)
{
	if (code[0] == 0xe8)
		return branch_to(code, n, address, FLOW_CALL, 1, 4, ret);
	if (code[0] == 0xe9)
		return branch_to(code, n, address, FLOW_JUMP, 1, 4, ret);
	if (code[0] == 0xeb)
		return branch_to(code, n, address, FLOW_JUMP, 1, 1, ret);
	if ((code[0] & 0xf0) == 0x70)
		return branch_to(code, n, address, FLOW_BRANCH, 1, 1, ret);
	if (n > 1 && code[0] == 0x0f && (code[1] & 0xf0) == 0x80)
		return branch_to(code, n, address, FLOW_BRANCH, 2, 4, ret);
	return false;
}

/* Pushes and pops of a register, returns. */
static bool read_stack(const uint8_t *code, size_t n, struct insn *ret)
{
	unsigned extended = code[0] == 0x41 && n > 1, opcode = code[extended], reg;

	if (code[0] == 0xc3) {
		ret->flow = FLOW_RETURN;
		ret->length = 1;
		return true;
	}
	if ((opcode & 0xf0) != 0x50)
		return false;
	reg = insn_register((opcode & 7) + 8 * extended);
	if (opcode & 8)
		set(ret, EFFECT_POP, reg, NO_REGISTER, 0);
	else
		set(ret, EFFECT_PUSH, NO_REGISTER, reg, 0);
	ret->length = (uint8_t)(1 + extended);
	return true;
}

bool insn_read(struct insn_reader *r, const uint8_t *code, size_t n, uint64_t address,
	       struct insn *ret)
{
	const cs_insn *in = r->insn;
	uint64_t at = address;

	*ret = (struct insn){.to = NO_REGISTER, .from = NO_REGISTER};
	if (!n)
		return false;
	/* Of a run of prefixes capstone reads all that it is given. */
	n = MIN(n, (size_t)MAX_INSTRUCTION_BYTES);
	ret->length = (uint8_t)insn_plain(code, n, &ret->writes);
	if (ret->length || read_branch(code, n, address, ret) || read_stack(code, n, ret))
		return true;
	if (!cs_disasm_iter(r->handle, &code, &n, &at, r->insn)) {
		ret->length = (uint8_t)insn_vector_length(code, n);
		return ret->length != 0;
	}
	ret->length = (uint8_t)(at - address);
	set_flow(r, in, ret);
	set_effect(r, in, ret);
	if (ret->effect == EFFECT_OTHER)
		ret->writes = written(r, in);
	return true;
}
