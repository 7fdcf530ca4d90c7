/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks as frames of the profile. */
#include "collect/walks.h"

#include "abi/code_bytes.h"
#include "base/str.h"
#include "unwind/first.h"
#include "unwind/rules.h"

#include <stdio.h>

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

/* Is the frame's address that of its next instruction, for it was entered by a return? So are the
 * code that a signal handler returns to, and the bottom of a stack that was made by hand. */
static bool is_entered(const struct leads *leads, const uint64_t *words, uint32_t n, uint32_t i)
{
	struct file_place place;
	uint64_t bytes;

	if (i + 1 < n)
		return words[i + 1] & FRAME_EXACT;
	place = leads_place(leads, (words[i] & FRAME_ADDRESS) - 1);
	return place.elf && elf_file_read(place.elf, place.address - 7, &bytes, sizeof(bytes)) &&
	       !is_call_before(bytes) && !is_nop_before(bytes);
}

/* The code address of a frame: within the call that it waits in, or of its next instruction. */
static uint64_t word_address(const struct leads *leads, const uint64_t *words, uint32_t n,
			     uint32_t i, bool is_leaf)
{
	uint64_t address = words[i] & FRAME_ADDRESS;

	return is_leaf || words[i] & FRAME_EXACT || is_entered(leads, words, n, i) ? address
										   : address - 1;
}

/* Has the walk come to generated code that its runtime begins with? */
static bool at_first_generated(const struct walk *w, const struct walk_place *at)
{
	const char *name = frames_generated_name(at->frames, w->frames[w->n - 1]);

	return name && is_first_generated(name);
}

/* How the walk ends if a call is said to have led from a frame to the one below. One that can have
 * led anywhere is no proof where a frame may have been passed over. */
static unsigned believe(unsigned end, enum lead lead, uint64_t word)
{
	if (lead == LEAD_IMPOSSIBLE)
		return WALK_CONTRADICTED;
	return lead == LEAD_POSSIBLE && word & FRAME_CHAINED ? WALK_UNPROVEN : end;
}

/* The frames of `words`, of which the first is the leaf, or what that called is not known. False:
 * the walk has ended. */
static bool walk_words(struct walk *w, const struct walk_place *at, const uint64_t *words,
		       uint32_t n, uint32_t version, bool is_leaf)
{
	const struct leads leads = {at->images, at->space, at->calls};
	struct file_place place = {0}, callee;

	for (uint32_t i = 0; i < n && i < MAX_USER_FRAMES; i++) {
		uint64_t address = word_address(&leads, words, n, i, is_leaf && !i);

		callee = place;
		place = leads_place(&leads, address);
		w->guessed |= words[i] & FRAME_GUESSED;
		/* What is not behind a call was not called. */
		if (i && address != (words[i] & FRAME_ADDRESS)) {
			w->end = believe(w->end, leads_to(&leads, place, callee), words[i]);
			if (w->end == WALK_CONTRADICTED || w->end == WALK_UNPROVEN)
				return false;
		}
		if (!walk_push(w, at, address)) {
			w->end = WALK_NO_MAPPING;
			return false;
		}
		if (version && space_changed_since(at->space, version, address)) {
			w->end = WALK_NOT_READY;
			return false;
		}
	}
	return true;
}

/* The frames that lie between the leaf's end and the root's, as a number. */
static void walk_gap(struct walk *w, const struct walk_place *at, uint64_t n)
{
	uint64_t unit = 1;
	char text[64], digits[32];

	/* Two digits, so that stacks that differ in their depth alone are few. */
	while (n / unit >= 100)
		unit *= 10;
	snprintf(text, sizeof(text), "[%s%s frames more]", unit > 1 ? "about " : "",
		 format_count(digits, n / unit * unit));
	w->frames[w->n++] = frames_note(at->frames, text);
}

void walk_tables(struct walk *w, const struct walk_place *at, const uint64_t *words, uint32_t n,
		 uint32_t version)
{
	if (!n)
		return;
	if (!walk_words(w, at, words, n, version, true)) {
		if (w->n)
			return;
		w->frames[w->n++] = frames_unmapped(at->frames, at->space, words[0] & FRAME_ADDRESS,
						    at->time_ns);
		w->unmapped = true;
		return;
	}
	if (w->end == WALK_DEPTH && at->root) {
		if (at->root->between)
			walk_gap(w, at, at->root->between);
		if (walk_words(w, at, at->root->frames, at->root->n, 0, false))
			w->end = WALK_FIRST;
	}
	/* A program's entry is known for what it is: a chain without a link is none. */
	if (w->end == WALK_ZERO && w->n == 1)
		w->end = WALK_NO_RULE;
	if (at_first_generated(w, at))
		w->end = WALK_FIRST;
	w->complete = w->end == WALK_FIRST || (w->end == WALK_ZERO && !w->guessed && w->last &&
					       w->last->kind != IMAGE_ANONYMOUS);
}
