/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finishes a stack in user space with call frame information. */
#include "unwind/finish.h"

#include "unwind/rules.h"

/* One word of the captured piece of stack. */
static bool word_at(const struct finish *f, uint64_t base, uint64_t address, uint64_t *ret)
{
	uint64_t index = (address - base) / 8;

	if (address < base || address & 7 || index >= f->n_stack)
		return false;
	*ret = f->stack[index];
	return true;
}

size_t finish_stack(struct finish *f, uint64_t *frames, size_t max, bool *ret_complete)
{
	const uint64_t base = f->sp;
	size_t n = 0;

	*ret_complete = false;
	for (;;) {
		const struct space_map *map = space_find(f->space, f->pc - 1);
		struct image *image;
		struct rule rule;
		uint64_t cfa, ra;

		if (!map)
			return n;
		image = images_open(f->images, map->image, f->space->pid, map->start, map->end);
		rule = rule_at(image, f->pc - 1 - map->start + map->offset);
		if (rule.kind == RULE_FIRST)
			*ret_complete = true;
		if (rule.kind != RULE_CALLER || n == max)
			return n;
		cfa = (rule.cfa_from_fp ? f->fp : f->sp) + (uint64_t)(int64_t)rule.cfa_offset;
		if (cfa <= f->sp || !word_at(f, base, cfa + (uint64_t)(int64_t)rule.ra_offset, &ra))
			return n;
		if (!ra) {
			*ret_complete = true;
			return n;
		}
		if (!space_find(f->space, ra - 1))
			return n;
		if (rule.fp_saved &&
		    !word_at(f, base, cfa + (uint64_t)(int64_t)rule.fp_offset, &f->fp))
			return n;
		f->sp = cfa;
		f->pc = ra;
		frames[n++] = ra;
	}
}
