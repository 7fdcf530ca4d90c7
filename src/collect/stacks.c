/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks as they arrive, resolved to the profile's frames. */
#include "collect/stacks.h"

#include "base/hash.h"
#include "base/mem.h"
#include "unwind/start.h"
#include "unwind/rules.h"

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
	unsigned max_depth;
	bool by_tables;
	struct map64 ids, old_ids; /* kernel's id -> index in infos */
	struct stack_info *infos;
	size_t n_infos, cap_infos;
	struct captured_stacks captured, old_captured;
	uint64_t n_made; /* ids of captures that were made here */
	frame_id *kernel_frames;
	size_t n_kernel_frames, cap_kernel_frames;
	struct map frame_map; /* (mapping, address) -> frame */
	struct map64 kernel_frame_map;
	struct map64 combined; /* user info, kernel info -> stack */
	struct cut *cuts;
	size_t n_cuts, cap_cuts;
	struct map cut_map;
	uint64_t user_stacks, complete, torn;
	frame_id lost_note, torn_note, full_note;
	uint64_t now_ns;   /* the time of the stack being resolved */
	uint32_t full_cut; /* row of `cuts`, once the profile was full */
};

static uint32_t cut_add(struct resolved *r, const char *text, const char *module);

struct resolved *resolved_new(struct profile *p, struct images *images, unsigned max_depth,
			      bool by_tables)
{
	struct resolved *r = mem_alloc(sizeof(*r));

	r->p = p;
	r->images = images;
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
	map64_release(&r->kernel_frame_map);
	map_release(&r->frame_map);
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

/* -- frames -- */

static bool place_equal(const void *ctx, uint32_t id, const void *key)
{
	const struct frame *have = &((const struct resolved *)ctx)->p->frames[id], *want = key;

	return have->mapping == want->mapping && have->address == want->address &&
	       (have->kind != FRAME_JIT || !want->function || have->function == want->function);
}

static mapping_id mapping_of(struct resolved *r, struct image *image, const struct space_map *map)
{
	char hex[2 * MAX_BUILD_ID + 1];
	struct mapping m = {0};

	if (image->mapping != NO_ID)
		return image->mapping;
	m.filename = strings_add(&r->p->strings, image->path);
	m.build_id = strings_add(&r->p->strings, build_id_hex(&image->build_id, hex));
	/* Offset 0 of the file stands at `start`, whatever segment was met first. */
	if (image->kind != IMAGE_ANONYMOUS && map->start > map->offset)
		m.start = map->start - map->offset;
	m.limit = map->end;
	images_bind(r->images, image, profile_add_mapping(r->p, &m));
	return image->mapping;
}

/* Names generated code while it is there: the next function may come to lie at its address. */
static void name_generated(struct resolved *r, const struct space *space, struct image *image,
			   struct frame *f)
{
	struct jit *jit = image_jit(image);
	const struct space_map *dump = jit_has_dump(jit) ? NULL : space_jitdump(space);
	struct code_place is;

	if (dump)
		jit_set_dump(jit, dump->image->path, dump->start, dump->end);
	if (!jit_find(jit, f->address, r->now_ns, &is))
		return;
	f->function = f->system_name = strings_add(&r->p->strings, is.name);
	f->file = is.file ? strings_add(&r->p->strings, is.file) : 0;
	f->line = is.line;
	f->named = true;
	r->p->mappings[f->mapping].has_functions = true;
	r->p->mappings[f->mapping].has_filenames |= f->file != 0;
	r->p->mappings[f->mapping].has_lines |= f->line != 0;
}

static frame_id frame_at(struct resolved *r, const struct space *space, const struct space_map *map,
			 uint64_t address)
{
	struct image *image = images_open(r->images, map->image, space->pid, map->start, map->end);
	struct frame f = {.kind = image->kind == IMAGE_ANONYMOUS ? FRAME_JIT : FRAME_USER,
			  .inner = NO_ID};
	uint64_t hash;
	frame_id id;

	f.mapping = mapping_of(r, image, map);
	/* Generated code lies where it lies; code of a file has one address whatever the process.
	 */
	f.address = f.kind == FRAME_JIT
			    ? address
			    : address - map->start + map->offset + r->p->mappings[f.mapping].start;
	if (f.address >= r->p->mappings[f.mapping].limit)
		r->p->mappings[f.mapping].limit = f.address + 1;
	if (f.kind == FRAME_JIT)
		name_generated(r, space, image, &f);
	hash = hash_u64(f.address ^ (uint64_t)f.mapping << 48) ^ f.function;
	id = map_find(&r->frame_map, hash, place_equal, r, &f);
	if (id == NO_ID) {
		id = profile_add_frame(r->p, &f);
		map_add(&r->frame_map, hash, id);
	}
	return id;
}

static frame_id kernel_frame_at(struct resolved *r, uint64_t address)
{
	struct image *kernel = images_kernel(r->images);
	struct frame f = {.kind = FRAME_KERNEL, .inner = NO_ID, .address = address};
	uint64_t id;

	if (map64_find(&r->kernel_frame_map, address, &id))
		return (frame_id)id;
	if (kernel->mapping == NO_ID) {
		struct mapping m = {.limit = UINT64_MAX};

		m.filename = strings_add(&r->p->strings, kernel->path);
		images_bind(r->images, kernel, profile_add_mapping(r->p, &m));
	}
	f.mapping = kernel->mapping;
	id = profile_add_frame(r->p, &f);
	map64_set(&r->kernel_frame_map, address, id);
	return (frame_id)id;
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

/* Known already? Then it only crossed again, and is as young as a new one. */
static bool is_known(struct resolved *r, uint64_t id)
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

	if (is_known(r, record->id))
		return;
	info = info_add(r, record->id);
	info->first = (uint32_t)r->n_kernel_frames;
	info->n = record->n_frames;
	array_reserve(r->kernel_frames, r->cap_kernel_frames, r->n_kernel_frames + info->n);
	for (uint32_t i = 0; i < record->n_frames; i++)
		r->kernel_frames[r->n_kernel_frames++] = kernel_frame_at(r, words[i]);
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
	    (end == WALK_NO_RULE && generated))
		end = WALK_NOT_CODE;
	if (end == WALK_DEPTH) {
		snprintf(text, sizeof(text), "deeper than %u frames", r->max_depth);
		return cut_add(r, text, "");
	}
	snprintf(text, sizeof(text), "%s, %.255s", texts[end], module);
	return cut_add(r, text, module);
}

struct walk {
	frame_id frames[1 + MAX_USER_FRAMES + START_FRAMES]; /* leaf first */
	uint32_t n;
	bool complete, unmapped;
	unsigned end;             /* enum walk_end */
	const struct image *last; /* of the last frame; NULL: in no mapping */
};

static frame_id unmapped_frame(struct resolved *r, const struct space *space, uint64_t address)
{
	static const struct build_id none;
	struct space_map map = {0, 1, 0, images_add(r->images, "[unmapped]", &none, NULL)};

	return frame_at(r, space, &map, address);
}

/* Appends a frame; false when the address is no code: what follows is garbage. */
static bool walk_push(struct resolved *r, struct walk *w, const struct space *space,
		      uint64_t address)
{
	const struct space_map *map = space_find(space, address);

	if (!map)
		return false;
	w->last = map->image;
	w->frames[w->n++] = frame_at(r, space, map, address);
	return true;
}

/* Has the function at `address` its return address at the stack pointer, as of that instruction? */
static bool is_frameless(struct resolved *r, const struct space *space, uint64_t address)
{
	struct image *image;
	struct rule rule = rule_at(r->images, space, address, &image);

	return rule.kind == RULE_CALLER && !rule.cfa_from_fp && rule.cfa_offset == 8 &&
	       rule.ra_offset == -8;
}

/* The leaf, and its caller where that is not in the chain of frame pointers. False: no code. */
static bool walk_leaf(struct resolved *r, struct walk *w, const struct stack_record *record,
		      const struct space *space, uint64_t address)
{
	if (!walk_push(r, w, space, address)) {
		w->frames[w->n++] = unmapped_frame(r, space, address);
		w->unmapped = true;
		return false;
	}
	if (record->top && is_frameless(r, space, address))
		walk_push(r, w, space, record->top - 1);
	return true;
}

/* Frames of a walk by frame pointers alone. */
static void walk_chain(struct resolved *r, struct walk *w, const struct stack_record *record,
		       const struct space *space)
{
	const uint64_t *tail = (const uint64_t *)(record + 1), *words = tail + record->n_tail;
	uint64_t more[START_FRAMES];
	struct finish f = {.images = r->images, .space = space};
	size_t n_more;

	if (!record->n_frames || !walk_leaf(r, w, record, space, words[0]))
		return;
	for (uint32_t i = 1; i < record->n_frames && i < MAX_USER_FRAMES; i++)
		if (!walk_push(r, w, space, words[i] - 1))
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
		walk_push(r, w, space, more[i] - 1);
}

/* Frames of a walk by tables. Those of code that was mapped over since the tables' `version` were
 * found by rules of other code. */
static void walk_frames(struct resolved *r, struct walk *w, const uint64_t *words, uint32_t n,
			const struct space *space, uint32_t version)
{
	for (uint32_t i = 0; i < n && i < MAX_USER_FRAMES; i++) {
		uint64_t address = words[i] & ~FRAME_EXACT;

		if (i && !(words[i] & FRAME_EXACT))
			address--;
		if (!walk_push(r, w, space, address)) {
			w->end = WALK_NO_MAPPING;
			if (i)
				return;
			w->frames[w->n++] = unmapped_frame(r, space, address);
			w->unmapped = true;
			return;
		}
		if (version && space_changed_since(space, version, address)) {
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

/* Turns a walk into a stack of the profile. */
static struct stack_info take_walk(struct resolved *r, const struct walk *w)
{
	struct stack_info info = {.leaf = NO_ID, .unmapped = w->unmapped};

	if (!w->complete) {
		auto_free char *note = NULL;

		info.cut = cut_reason(r, w->end, w->last);
		note = mem_printf("[truncated: %s]", r->cuts[info.cut].text);
		info.leaf = stacks_push(&r->p->stacks, NO_ID, profile_add_note(r->p, note));
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
		       const struct space *space)
{
	const uint64_t *words = (const uint64_t *)(record + 1) + record->n_tail;
	struct stack_info info;
	struct walk *w;

	if (is_known(r, record->id))
		return;
	r->now_ns = record->time_ns;
	if (r->p->stacks.n > MAX_STACK_ENTRIES) {
		info = full_info(r);
	} else {
		w = mem_alloc(sizeof(*w));
		w->end = record->end;
		if (r->by_tables && record->end != WALK_COMPAT)
			walk_frames(r, w, words, record->n_frames, space, record->version);
		else
			walk_chain(r, w, record, space);
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
			   const struct space *space, uint64_t time_ns, bool in_exec)
{
	struct stack_info info;
	struct walk *w;

	r->now_ns = time_ns;
	if (r->p->stacks.n > MAX_STACK_ENTRIES) {
		info = full_info(r);
	} else {
		w = mem_alloc(sizeof(*w));
		w->end = captured->end;
		walk_frames(r, w, captured->frames, captured->n, space, 0);
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
