/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leads a stack through the start code of its thread. */
#include "unwind/start.h"

#include "unwind/rules.h"

/* One word of the captured piece of stack. */
static bool start_word_at(const struct finish *f, uint64_t address, uint64_t *ret)
{
	uint64_t index = (address - f->sp) / 8;

	if (address < f->sp || address & 7 || index >= f->n_stack)
		return false;
	*ret = f->stack[index];
	return true;
}

bool finish_stack(const struct finish *f, uint64_t *frames, size_t *ret_n)
{
	uint64_t pc = f->pc, sp = f->sp, fp = f->fp;
	const struct image *library = NULL;

	for (*ret_n = 0;; (*ret_n)++) {
		struct image *image;
		struct rule rule = rule_at(f->images, f->space, pc - 1, &image);
		uint64_t cfa, ra;

		if (rule.kind == RULE_FIRST)
			return true;
		library = library ? library : image;
		if (rule.kind != RULE_CALLER || image != library || *ret_n == START_FRAMES)
			return false;
		cfa = (rule.cfa_from_fp ? fp : sp) + (uint64_t)(int64_t)rule.cfa_offset;
		if (cfa <= sp || !start_word_at(f, cfa + (uint64_t)(int64_t)rule.ra_offset, &ra))
			return false;
		if (rule.fp_saved &&
		    !start_word_at(f, cfa + (uint64_t)(int64_t)rule.fp_offset, &fp))
			return false;
		frames[*ret_n] = pc = ra;
		sp = cfa;
	}
}
