/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a piece of code. */
#include "unwind/code_piece.h"

#include "abi/unwind_rule.h"
#include "base/mem.h"

#include <asm/unistd.h>

enum {
	MAX_TO_EXIT = 8,
	ALIGN = 16,
	MAX_PADDING = 128,
	MAX_PROLOGUE = 16, /* instructions */
};

struct code_piece code_piece_new(struct insn_reader *reader, const uint8_t *code, uint32_t n,
				 uint64_t address)
{
	return (struct code_piece){
		.reader = reader,
		.code = code,
		.n = n,
		.address = address,
		.insn_at = mem_array(n, sizeof(uint32_t)),
	};
}

void code_piece_release(struct code_piece *p)
{
	free(p->insn_at);
	free(p->insns);
	*p = (struct code_piece){0};
}

bool code_piece_was_read(const struct code_piece *p, uint32_t offset)
{
	return p->insn_at[offset] && p->insn_at[offset] != UINT32_MAX;
}

bool code_piece_is_aligned(const struct code_piece *p, uint32_t offset)
{
	return (p->address + offset) % ALIGN == 0;
}

const struct insn *code_piece_insn(struct code_piece *p, uint32_t offset)
{
	if (offset >= p->n || p->insn_at[offset] == UINT32_MAX)
		return NULL;
	if (!p->insn_at[offset]) {
		array_reserve(p->insns, p->cap_insns, p->n_insns + 1);
		if (!insn_read(p->reader, p->code + offset, p->n - offset, p->address + offset,
			       &p->insns[p->n_insns])) {
			p->insn_at[offset] = UINT32_MAX;
			return NULL;
		}
		p->insn_at[offset] = (uint32_t)++p->n_insns;
	}
	return &p->insns[p->insn_at[offset] - 1];
}

uint32_t code_piece_offset(const struct code_piece *p, uint64_t address)
{
	return address - p->address < p->n ? (uint32_t)(address - p->address) : p->n;
}

uint32_t code_piece_padding_end(struct code_piece *p, uint32_t offset)
{
	uint32_t begin = offset;

	while (offset - begin < MAX_PADDING) {
		const struct insn *in = code_piece_insn(p, offset);

		if (offset + 1 < p->n && !p->code[offset] && !p->code[offset + 1])
			offset += 1;
		else if (in && in->is_padding)
			offset += in->length;
		else
			break;
	}
	return offset;
}

static bool takes_away(const struct insn *in, int64_t pushed)
{
	return in && in->effect == EFFECT_SET && in->to == REG_SP && in->from == REG_SP &&
	       in->value == pushed;
}

/* Is what was pushed before `offset` what the next call is given, and taken away behind it? */
static bool is_for_call(struct code_piece *p, uint32_t offset, int64_t pushed)
{
	for (int i = 0; i < MAX_PROLOGUE; i++) {
		const struct insn *in = code_piece_insn(p, offset);

		if (!in)
			return false;
		offset += in->length;
		if (in->flow == FLOW_CALL || in->flow == FLOW_INDIRECT_CALL)
			return takes_away(code_piece_insn(p, offset), pushed);
		if (in->flow != FLOW_NEXT || (in->effect == EFFECT_SET && in->to == REG_SP))
			return false;
		pushed += in->effect == EFFECT_PUSH ? 8 : 0;
	}
	return false;
}

bool code_piece_is_prologue(struct code_piece *p, uint32_t offset)
{
	static const int8_t order[] = {
		[3] = 6,  [REG_FP] = 5, [12] = 4,
		[13] = 3, [14] = 2,     [15] = 1, /* rbx, rbp, r12 to r15 */
	};
	int last = 0, saved = 0;

	for (int i = 0; i < MAX_PROLOGUE && saved < 2; i++) {
		const struct insn *in = code_piece_insn(p, offset);

		if (!in || in->flow != FLOW_NEXT)
			return false;
		offset += in->length;
		if (in->effect != EFFECT_PUSH)
			continue;
		if (in->from >= ARRAY_SIZE(order) || order[in->from] <= last)
			return false;
		/* clang saves rbp first */
		last = in->from == REG_FP && !saved ? 0 : order[in->from];
		saved++;
	}
	return saved == 2 && !is_for_call(p, offset, 8 * saved);
}

bool code_piece_may_end(struct code_piece *p, uint32_t offset)
{
	uint32_t end = code_piece_padding_end(p, offset);

	return (end > offset && code_piece_is_aligned(p, end)) || code_piece_is_prologue(p, end);
}

bool code_piece_leads_to_exit(struct code_piece *p, uint32_t offset)
{
	int64_t rax = -1, pushed = -1;

	for (int i = 0; i < MAX_TO_EXIT; i++) {
		const struct insn *in = code_piece_insn(p, offset);

		if (!in)
			return false;
		if (p->code[offset] == 0xf4) /* hlt */
			return true;
		if (in->flow == FLOW_SYSCALL)
			return rax == __NR_exit || rax == __NR_exit_group;
		if (in->flow != FLOW_NEXT && in->flow != FLOW_CALL &&
		    in->flow != FLOW_INDIRECT_CALL)
			return false;
		if (in->flow != FLOW_NEXT)
			rax = -1;
		else if (in->effect == EFFECT_PUSH)
			pushed = in->from == NO_REGISTER ? in->value : -1;
		else if (in->effect == EFFECT_POP && in->to == 0)
			rax = pushed;
		else if (in->effect == EFFECT_CONST && in->to == 0)
			rax = in->bytes == 1 && rax >= 0 ? (rax & ~0xff) | (in->value & 0xff)
							 : in->value;
		else if (in->to == 0 || in->writes & 1)
			rax = -1;
		offset += in->length;
	}
	return false;
}
