/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks as frames of the profile. */
#include "collect/walks.h"

#include "unwind/rules.h"

/* Appends a frame; false when the address is no code: what follows is garbage. */
static bool walk_push(struct walk *w, const struct walk_place *at, uint64_t address)
{
	const struct frame_place place = {.space = at->space,
					  .map = space_find(at->space, address),
					  .address = address,
					  .time_ns = at->time_ns};

	if (!place.map)
		return false;
	w->last = place.map->image;
	w->frames[w->n++] = frames_at(at->frames, &place);
	return true;
}

/* Has the function at `address` its return address at the stack pointer, as of that instruction? */
static bool is_frameless(const struct walk_place *at, uint64_t address)
{
	struct image *image;
	struct rule rule = rule_at(at->images, at->space, address, &image);

	return rule.kind == RULE_CALLER && !rule.cfa_from_fp && rule.cfa_offset == 8 &&
	       rule.ra_offset == -8;
}

/* The leaf, and its caller where that is not in the chain of frame pointers. False: no code. */
static bool walk_leaf(struct walk *w, const struct walk_place *at,
		      const struct stack_record *record, uint64_t address)
{
	if (!walk_push(w, at, address)) {
		w->frames[w->n++] = frames_unmapped(at->frames, at->space, address, at->time_ns);
		w->unmapped = true;
		return false;
	}
	if (record->top && is_frameless(at, address))
		walk_push(w, at, record->top - 1);
	return true;
}

void walk_chain(struct walk *w, const struct walk_place *at, const struct stack_record *record)
{
	const uint64_t *tail = (const uint64_t *)(record + 1), *words = tail + record->n_tail;
	uint64_t more[START_FRAMES];
	struct finish f = {.images = at->images, .space = at->space};
	size_t n_more;

	if (!record->n_frames || !walk_leaf(w, at, record, words[0]))
		return;
	for (uint32_t i = 1; i < record->n_frames && i < MAX_USER_FRAMES; i++)
		if (!walk_push(w, at, words[i] - 1))
			return;
	if (record->end == WALK_DEPTH || record->end == WALK_COMPAT)
		return;
	/* Above the leaf, the last frame's caller is reached by a return address; a stack of one
	 * frame has no known caller, but may be the first function itself. */
	f.pc = words[record->n_frames - 1] + (record->n_frames == 1);
	f.sp = record->cfa;
	f.fp = record->fp;
	f.stack = tail;
	f.n_stack = record->cfa ? record->n_tail : 0;
	w->complete = finish_stack(&f, more, &n_more);
	for (size_t i = 0; w->complete && i < n_more; i++)
		walk_push(w, at, more[i] - 1);
}

void walk_tables(struct walk *w, const struct walk_place *at, const uint64_t *words, uint32_t n,
		 uint32_t version)
{
	for (uint32_t i = 0; i < n && i < MAX_USER_FRAMES; i++) {
		uint64_t address = words[i] & ~FRAME_EXACT;

		if (i && !(words[i] & FRAME_EXACT))
			address--;
		if (!walk_push(w, at, address)) {
			w->end = WALK_NO_MAPPING;
			if (i)
				return;
			w->frames[w->n++] =
				frames_unmapped(at->frames, at->space, address, at->time_ns);
			w->unmapped = true;
			return;
		}
		if (version && space_changed_since(at->space, version, address)) {
			w->end = WALK_NOT_READY;
			return;
		}
	}
	/* A program's entry is known for what it is: a chain without a link is none. */
	if (w->end == WALK_ZERO && w->n == 1)
		w->end = WALK_NO_RULE;
	w->complete = w->end == WALK_FIRST ||
		      (w->end == WALK_ZERO && w->last && w->last->kind != IMAGE_ANONYMOUS);
}
