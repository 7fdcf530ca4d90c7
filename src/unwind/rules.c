/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unwind rules of one address (libdw). */
#include "unwind/rules.h"

#include "base/mem.h"
#include "unwind/first.h"
#include "abi/unwind_rule.h"

#include <dwarf.h>
#include <elfutils/libdw.h>

enum { MAX_RULES = 1 << 20, MAX_FIRST = 16 };

struct range {
	uint64_t lo, hi;
};

struct unwind_state {
	const struct elf_file *elf;
	struct first_search search;
	Dwarf_CFI *cfi;
	struct map64 index; /* address -> rules */
	struct rule *rules;
	size_t n, cap;
	struct range first[MAX_FIRST];
	size_t n_first;
	bool named; /* `first` was filled */
};

static void rules_state_free(void *state)
{
	struct unwind_state *s = state;

	/* The CFI belongs to the ELF handle's libdw state. */
	if (s->cfi)
		dwarf_cfi_end(s->cfi);
	map64_release(&s->index);
	free(s->rules);
	free(s);
}

static void note_first(void *ctx, const struct elf_symbol *symbol)
{
	struct unwind_state *s = ctx;

	if (s->n_first < MAX_FIRST && is_first_function(&s->search, s->elf, symbol))
		s->first[s->n_first++] = (struct range){
			symbol->address, symbol->address + MAX(symbol->size, (uint64_t)1)};
}

static struct unwind_state *rules_state_get(struct image *image)
{
	struct unwind_state *s = image->unwind;

	if (s)
		return s;
	s = mem_alloc(sizeof(*s));
	s->elf = image->elf;
	if (elf_file_may_unwind(image->elf))
		s->cfi = dwarf_getcfi_elf(elf_file_handle(image->elf));
	image->unwind = s;
	image->free_unwind = rules_state_free;
	return s;
}

/* Offset from the CFA at which a register is saved. Returns false for any other rule. */
static bool saved_at(const Dwarf_Op *ops, size_t n, int32_t *ret_offset)
{
	if (!ops || n < 1 || n > 2 || ops[0].atom != DW_OP_call_frame_cfa)
		return false;
	if (n == 2 && ops[1].atom != DW_OP_plus_uconst)
		return false;
	*ret_offset = n == 2 ? (int32_t)ops[1].number : 0;
	return true;
}

static struct rule rule_of_frame(Dwarf_Frame *frame)
{
	struct rule r = {.kind = RULE_NONE};
	Dwarf_Op memory[3], *ops;
	size_t n;
	int ra = dwarf_frame_info(frame, NULL, NULL, NULL);

	if (ra < 0 || dwarf_frame_register(frame, ra, memory, &ops, &n))
		return r;
	if (n == 0 && ops) {
		r.kind = RULE_FIRST;
		return r;
	}
	if (!saved_at(ops, n, &r.ra_offset))
		return r;
	if (dwarf_frame_register(frame, REG_FP, memory, &ops, &n))
		return r;
	r.fp_saved = saved_at(ops, n, &r.fp_offset);
	if (dwarf_frame_cfa(frame, &ops, &n) || n != 1 || ops[0].atom != DW_OP_bregx ||
	    (ops[0].number != REG_SP && ops[0].number != REG_FP))
		return r;
	r.cfa_from_fp = ops[0].number == REG_FP;
	r.cfa_offset = (int32_t)ops[0].number2;
	r.kind = RULE_CALLER;
	return r;
}

/* Is the address in one of the functions that start a thread, by name? */
static bool is_first(struct unwind_state *s, const struct image *image, uint64_t address)
{
	if (!s->named)
		elf_file_symbols(image->elf, note_first, s);
	first_search_release(&s->search);
	s->named = true;
	for (size_t i = 0; i < s->n_first; i++)
		if (address >= s->first[i].lo && address < s->first[i].hi)
			return true;
	return false;
}

static struct rule rule_compute(struct unwind_state *s, const struct image *image, uint64_t address)
{
	struct rule r = {.kind = RULE_NONE};
	Dwarf_Frame *frame;

	if (s->cfi && !dwarf_cfi_addrframe(s->cfi, address, &frame)) {
		r = rule_of_frame(frame);
		free(frame);
	}
	if (r.kind == RULE_NONE && is_first(s, image, address))
		r.kind = RULE_FIRST;
	return r;
}

static struct rule rule_of_image(struct image *image, uint64_t offset)
{
	struct unwind_state *s;
	uint64_t address, index;

	if (!image->elf || !elf_file_address(image->elf, offset, &address))
		return (struct rule){.kind = RULE_NONE};
	s = rules_state_get(image);
	if (map64_find(&s->index, address, &index))
		return s->rules[index];
	if (s->n == MAX_RULES)
		return rule_compute(s, image, address);
	array_reserve(s->rules, s->cap, s->n + 1);
	s->rules[s->n] = rule_compute(s, image, address);
	map64_set(&s->index, address, s->n);
	return s->rules[s->n++];
}

struct rule rule_at(struct images *images, const struct space *space, uint64_t address,
		    struct image **ret_image)
{
	const struct space_map *map = space_find(space, address);

	*ret_image = NULL;
	if (!map)
		return (struct rule){.kind = RULE_NONE};
	*ret_image = images_open(images, map->image, space->pid, map->start, map->end);
	return rule_of_image(*ret_image, address - map->start + map->offset);
}
