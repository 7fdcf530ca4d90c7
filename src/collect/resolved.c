/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks as they arrive, resolved to the profile's frames. */
#include "collect/resolved.h"

#include "base/hash.h"
#include "base/mem.h"
#include "collect/frames.h"
#include "collect/walks.h"

#include <stdio.h>
#include <string.h>

enum {
	MAX_STACK_ENTRIES = 32 << 20, /* beyond, samples keep their process but no frames */
	MAX_CUTS = 4096,              /* reasons told apart */
};

/* What the kernel's id of a stack stands for. */
struct stack_info {
	stack_id leaf;     /* user: the stack */
	uint32_t first, n; /* kernel: frames in `kernel_frames`, leaf first */
	uint32_t cut;      /* user: row of `cuts`; 0 when complete */
	bool unmapped;     /* user: not even the leaf lies in code */
	bool none;         /* user: what was found there is no stack */
	bool torn;         /* user: its capture did not arrive whole */
};

/* Captures, by their ids: each is counted once, and then forgotten. */
struct captured_stacks {
	struct map64 ids; /* -> index in infos */
	struct stack_info *infos;
	size_t n, cap;
};

struct cut {
	char *text;
	char *module; /* "": it is none's fault */
	uint64_t samples;
};

struct resolved {
	struct profile *p;
	struct images *images;
	struct frames *frames;
	struct calls *calls;
	unsigned max_depth;
	bool by_tables;
	struct map64 ids, old_ids; /* kernel's id -> index in infos */
	struct stack_info *infos;
	size_t n_infos, cap_infos;
	struct captured_stacks captured, old_captured;
	uint64_t n_made; /* ids of captures that were made here */
	frame_id *kernel_frames;
	size_t n_kernel_frames, cap_kernel_frames;
	struct map64 combined; /* user info, kernel info -> stack */
	struct cut *cuts;
	size_t n_cuts, cap_cuts;
	struct map cut_map;
	uint64_t user_stacks, complete, torn;
	frame_id lost_note, torn_note, full_note;
	uint32_t full_cut; /* row of `cuts`, once the profile was full */
};

static uint32_t cut_add(struct resolved *r, const char *text, const char *module);

struct resolved *resolved_new(struct profile *p, struct images *images, unsigned max_depth,
			      bool by_tables)
{
	struct resolved *r = mem_alloc(sizeof(*r));

	r->p = p;
	r->images = images;
	r->frames = frames_new(p, images);
	r->calls = calls_new();
	r->max_depth = max_depth;
	r->by_tables = by_tables;
	cut_add(r, "", "");
	r->lost_note = profile_add_note(p, "[stack lost: ring full]");
	r->torn_note = profile_add_note(p, "[stack lost: capture torn]");
	r->full_note = profile_add_note(p, "[stack lost: profile full]");
	return r;
}

static void captured_release(struct captured_stacks *c)
{
	map64_release(&c->ids);
	free(c->infos);
	*c = (struct captured_stacks){0};
}

void resolved_free(struct resolved *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_cuts; i++)
		free(r->cuts[i].text), free(r->cuts[i].module);
	free(r->cuts);
	map64_release(&r->ids);
	map64_release(&r->old_ids);
	map64_release(&r->combined);
	captured_release(&r->captured);
	captured_release(&r->old_captured);
	frames_free(r->frames);
	calls_free(r->calls);
	map_release(&r->cut_map);
	free(r->infos);
	free(r->kernel_frames);
	free(r);
}

/* -- reasons of cut stacks -- */

static bool cut_equal(const void *ctx, uint32_t id, const void *key)
{
	return strcmp(((const struct resolved *)ctx)->cuts[id].text, key) == 0;
}

static uint32_t cut_add(struct resolved *r, const char *text, const char *module)
{
	uint64_t hash = hash_bytes(text, strlen(text));
	uint32_t id = map_find(&r->cut_map, hash, cut_equal, r, text);

	if (id != NO_ID)
		return id;
	if (r->n_cuts == MAX_CUTS)
		return MAX_CUTS - 1;
	array_reserve(r->cuts, r->cap_cuts, r->n_cuts + 1);
	r->cuts[r->n_cuts] = (struct cut){mem_strdup(text), mem_strdup(module), 0};
	map_add(&r->cut_map, hash, (uint32_t)r->n_cuts);
	return (uint32_t)r->n_cuts++;
}

/* -- stacks -- */

static struct stack_info *info_add(struct resolved *r, uint64_t id)
{
	array_reserve(r->infos, r->cap_infos, r->n_infos + 1);
	map64_set(&r->ids, id, r->n_infos);
	r->infos[r->n_infos] = (struct stack_info){.leaf = NO_ID};
	return &r->infos[r->n_infos++];
}

static bool info_find(const struct resolved *r, uint64_t id, uint64_t *ret_index)
{
	return map64_find(&r->ids, id, ret_index) || map64_find(&r->old_ids, id, ret_index);
}

bool resolved_is_known(struct resolved *r, uint64_t id)
{
	uint64_t index;

	if (map64_find(&r->ids, id, &index))
		return true;
	if (!map64_find(&r->old_ids, id, &index))
		return false;
	map64_set(&r->ids, id, index);
	return true;
}

void resolved_add_kernel(struct resolved *r, const struct stack_record *record)
{
	const uint64_t *words = (const uint64_t *)(record + 1) + record->n_tail;
	struct stack_info *info;

	if (resolved_is_known(r, record->id))
		return;
	info = info_add(r, record->id);
	info->first = (uint32_t)r->n_kernel_frames;
	info->n = record->n_frames;
	array_reserve(r->kernel_frames, r->cap_kernel_frames, r->n_kernel_frames + info->n);
	for (uint32_t i = 0; i < record->n_frames; i++) {
		const struct frame_place at = {.address = words[i]};

		r->kernel_frames[r->n_kernel_frames++] = frames_at(r->frames, &at);
	}
}

size_t kernel_stack_make(struct kernel_stack_record *r, const uint64_t *frames, uint32_t n)
{
	n = MIN(n, (uint32_t)MAX_KERNEL_FRAMES);
	if (!n)
		return 0;
	r->head = (struct stack_record){.type = RECORD_KERNEL_STACK, .n_frames = n};
	memcpy(r->frames, frames, n * sizeof(*frames));
	r->head.id = hash_bytes(r->frames, n * sizeof(*frames));
	r->head.id += r->head.id < STACK_FIRST ? STACK_FIRST : 0;
	return sizeof(r->head) + n * sizeof(*frames);
}

/* What to say at the root of a stack whose last frame lies in `image`: why, and where. */
static uint32_t cut_reason(struct resolved *r, unsigned end, const struct image *image)
{
	static const char *const texts[] = {
#define WALK_END(id, text) text,
#include "abi/walk_ends.def"
#undef WALK_END
	};
	const char *module = image ? image_name(image) : "unmapped code";
	bool generated = !image || image->kind == IMAGE_ANONYMOUS;
	char text[320];

	if (end == WALK_ZERO || end >= N_WALK_ENDS || (!r->by_tables && end == WALK_BACKWARDS) ||
	    ((end == WALK_NO_RULE || end == WALK_CHAIN) && generated))
		end = WALK_NOT_CODE;
	if (end == WALK_DEPTH) {
		snprintf(text, sizeof(text), "deeper than %u frames", r->max_depth);
		return cut_add(r, text, "");
	}
	snprintf(text, sizeof(text), "%s, %.255s",
		 image && image->closed ? image->closed : texts[end], module);
	return cut_add(r, text, module);
}

/* Turns a walk into a stack of the profile. */
static struct stack_info take_walk(struct resolved *r, const struct walk *w)
{
	struct stack_info info = {.leaf = NO_ID, .unmapped = w->unmapped};

	if (!w->complete) {
		auto_free char *note = NULL;

		info.cut = cut_reason(r, w->end, w->last);
		note = mem_printf("[truncated: %s]", r->cuts[info.cut].text);
		info.leaf = stacks_push(&r->p->stacks, NO_ID, frames_note(r->frames, note));
	}
	for (uint32_t i = w->n; i-- > 0;)
		info.leaf = stacks_push(&r->p->stacks, info.leaf, w->frames[i]);
	return info;
}

/* Stacks of a profile that holds all it can. */
static struct stack_info full_info(struct resolved *r)
{
	r->full_cut = cut_add(r, "profile full", "");
	return (struct stack_info){.leaf = stacks_push(&r->p->stacks, NO_ID, r->full_note),
				   .cut = r->full_cut};
}

void resolved_add_user(struct resolved *r, const struct stack_record *record,
		       const struct space *space, const struct root_part *root)
{
	const uint64_t *words = (const uint64_t *)(record + 1) + record->n_tail;
	const struct walk_place at = {r->frames, r->images, space, record->time_ns, r->calls, root};
	struct stack_info info;
	struct walk *w;

	if (resolved_is_known(r, record->id))
		return;
	if (r->p->stacks.n > MAX_STACK_ENTRIES) {
		info = full_info(r);
	} else {
		w = mem_alloc(sizeof(*w));
		w->end = record->end;
		if (r->by_tables && record->end != WALK_COMPAT)
			walk_tables(w, &at, words, record->n_frames, record->version);
		else
			walk_chain(w, &at, record);
		info = take_walk(r, w);
		free(w);
	}
	*info_add(r, record->id) = info;
}

/* Keeps the account of `samples` of a user stack. */
static void account_user(struct resolved *r, const struct stack_info *info, uint64_t samples)
{
	r->user_stacks += samples;
	r->cuts[info->cut].samples += samples;
	r->complete += info->cut ? 0 : samples;
}

static const struct stack_info *captured_find(const struct resolved *r, uint64_t id)
{
	uint64_t index;

	if (map64_find(&r->captured.ids, id, &index))
		return &r->captured.infos[index];
	return map64_find(&r->old_captured.ids, id, &index) ? &r->old_captured.infos[index] : NULL;
}

/* What stands for a user stack in `combined`, beside an index of infos. */
enum { USER_NONE = -1, USER_LOST = -2, USER_CAPTURED = -3 };

static stack_id lost_user(struct resolved *r, const struct stack_info *info, uint64_t samples,
			  uint64_t id, bool *ret_missing)
{
	r->user_stacks += samples;
	if (info)
		r->torn += samples;
	else
		*ret_missing = id != STACK_LOST;
	r->cuts[cut_add(r, info ? "capture torn" : "ring full", "")].samples += samples;
	return stacks_push(&r->p->stacks, NO_ID, info ? r->torn_note : r->lost_note);
}

/* The user stack of a count; also keeps the account. */
static stack_id user_stack(struct resolved *r, const struct count_key *key, uint64_t samples,
			   uint32_t *ret_index, bool *ret_missing)
{
	uint64_t id = key->user_stack, index = 0;
	const struct stack_info *info = NULL;

	if (id & STACK_CAPTURE) {
		info = captured_find(r, id);
		index = (uint32_t)USER_CAPTURED;
	} else if (id >= STACK_FIRST && info_find(r, id, &index)) {
		info = &r->infos[index];
	}
	*ret_index = (uint32_t)index;
	/* In the middle of an exec the registers are those of code that is gone: no user stack. */
	if (id == STACK_NONE || (info && (info->none || (info->unmapped && key->kernel_stack)))) {
		*ret_index = (uint32_t)USER_NONE;
		return NO_ID;
	}
	if (!info || info->torn) {
		*ret_index = (uint32_t)USER_LOST;
		return lost_user(r, info, samples, id, ret_missing);
	}
	account_user(r, info, samples);
	return info->leaf;
}

static stack_id push_kernel(struct resolved *r, stack_id stack, const struct stack_info *kernel)
{
	for (uint32_t i = kernel->n; i-- > 0;)
		stack = stacks_push(&r->p->stacks, stack, r->kernel_frames[kernel->first + i]);
	return stack;
}

stack_id resolved_find(struct resolved *r, const struct count_key *key, uint64_t samples,
		       bool *ret_missing)
{
	uint64_t kernel, known;
	uint32_t user;
	stack_id stack = user_stack(r, key, samples, &user, ret_missing);

	if (key->kernel_stack == STACK_NONE)
		return stack;
	if (key->kernel_stack == STACK_LOST || !info_find(r, key->kernel_stack, &kernel)) {
		*ret_missing |= key->kernel_stack != STACK_LOST;
		return stacks_push(&r->p->stacks, stack, r->lost_note);
	}
	if (user == (uint32_t)USER_CAPTURED)
		return push_kernel(r, stack, &r->infos[kernel]);
	if (map64_find(&r->combined, (uint64_t)user << 32 | kernel, &known))
		return (stack_id)known;
	stack = push_kernel(r, stack, &r->infos[kernel]);
	map64_set(&r->combined, (uint64_t)user << 32 | kernel, stack);
	return stack;
}

static void captured_add(struct resolved *r, uint64_t id, const struct stack_info *info)
{
	struct captured_stacks *c = &r->captured;

	array_reserve(c->infos, c->cap, c->n + 1);
	map64_set(&c->ids, id, c->n);
	c->infos[c->n++] = *info;
}

void resolved_add_captured(struct resolved *r, uint64_t id, const struct captured *captured,
			   const struct space *space, uint64_t time_ns, bool in_exec,
			   const struct root_part *root)
{
	const struct walk_place at = {r->frames, r->images, space, time_ns, r->calls, root};
	struct stack_info info;
	struct walk *w;

	if (r->p->stacks.n > MAX_STACK_ENTRIES) {
		info = full_info(r);
	} else {
		w = mem_alloc(sizeof(*w));
		w->end = captured->end;
		walk_tables(w, &at, captured->frames, captured->n, 0);
		info = take_walk(r, w);
		free(w);
	}
	info.none = in_exec && info.cut;
	captured_add(r, id, &info);
}

void resolved_add_torn(struct resolved *r, uint64_t id)
{
	const struct stack_info torn = {.leaf = NO_ID, .torn = true};

	captured_add(r, id, &torn);
}

uint64_t resolved_new_id(struct resolved *r)
{
	return STACK_CAPTURE | ++r->n_made;
}

/* Keeps the infos of `ids` only. */
static void compact(struct resolved *r, struct map64 *ids)
{
	struct stack_info *infos = mem_array(ids->used, sizeof(*infos));
	frame_id *frames = NULL;
	size_t n = 0, n_frames = 0, cap_frames = 0;
	uint64_t id, index;

	for (size_t cursor = 0; map64_next(ids, &cursor, &id, &index);) {
		struct stack_info *info = &infos[n];

		*info = r->infos[index];
		array_reserve(frames, cap_frames, n_frames + info->n);
		if (info->n)
			memcpy(frames + n_frames, r->kernel_frames + info->first,
			       info->n * sizeof(*frames));
		info->first = (uint32_t)n_frames;
		n_frames += info->n;
		map64_set(ids, id, n++);
	}
	free(r->infos);
	free(r->kernel_frames);
	r->infos = infos;
	r->n_infos = n;
	r->cap_infos = ids->used;
	r->kernel_frames = frames;
	r->n_kernel_frames = n_frames;
	r->cap_kernel_frames = cap_frames;
}

void resolved_settle(struct resolved *r, bool seen_cleared)
{
	captured_release(&r->old_captured);
	r->old_captured = r->captured;
	r->captured = (struct captured_stacks){0};
	if (!seen_cleared)
		return;
	map64_release(&r->old_ids);
	map64_release(&r->combined);
	r->old_ids = r->ids;
	r->ids = (struct map64){0};
	compact(r, &r->old_ids);
}

void resolved_account(const struct resolved *r, struct account *a)
{
	a->user_stacks = r->user_stacks;
	a->user_stacks_complete = r->complete;
	for (size_t i = 1; i < r->n_cuts; i++) {
		account_add(&a->cut_by_reason, r->cuts[i].text, r->cuts[i].samples);
		if (*r->cuts[i].module)
			account_add(&a->cut_by_module, r->cuts[i].module, r->cuts[i].samples);
	}
	a->lost += r->torn;
	account_add(&a->lost_by_reason, "capture torn", r->torn);
	if (r->full_cut) {
		a->lost += r->cuts[r->full_cut].samples;
		account_add(&a->lost_by_reason, r->cuts[r->full_cut].text,
			    r->cuts[r->full_cut].samples);
	}
	account_sort(&a->cut_by_reason);
	account_sort(&a->cut_by_module);
}
