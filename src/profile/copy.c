/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies parts of a profile into another. */
#include "profile/copy.h"

#include "base/mem.h"

#include <string.h>

struct profile_copy {
	const struct profile *from;
	struct profile *to;
	mapping_id *mappings; /* of `from` -> of `to`; NO_ID: not yet */
	frame_id *frames;
	stack_id *stacks;
	bool hides_kernel;
};

static void *none(size_t n)
{
	uint32_t *ids = mem_array(n + 1, sizeof(*ids));

	memset(ids, 0xff, (n + 1) * sizeof(*ids));
	return ids;
}

struct profile_copy *profile_copy_new(const struct profile *from, struct profile *to)
{
	struct profile_copy *c = mem_alloc(sizeof(*c));

	c->from = from;
	c->to = to;
	c->mappings = none(from->n_mappings);
	c->frames = none(from->n_frames);
	c->stacks = none(from->stacks.n);
	return c;
}

void profile_copy_free(struct profile_copy *c)
{
	if (!c)
		return;
	free(c->mappings);
	free(c->frames);
	free(c->stacks);
	free(c);
}

void profile_copy_hide_kernel(struct profile_copy *c)
{
	c->hides_kernel = true;
}

static string_id copy_text(struct profile_copy *c, string_id id)
{
	return id ? strings_add(&c->to->strings, profile_raw(c->from, id)) : 0;
}

static mapping_id copy_mapping(struct profile_copy *c, mapping_id id)
{
	struct mapping m;

	if (id == NO_ID || c->mappings[id] != NO_ID)
		return id == NO_ID ? NO_ID : c->mappings[id];
	m = c->from->mappings[id];
	m.filename = copy_text(c, m.filename);
	m.build_id = copy_text(c, m.build_id);
	return c->mappings[id] = profile_add_mapping(c->to, &m);
}

/* What is inlined in a frame comes first. */
static frame_id copy_frame(struct profile_copy *c, frame_id id)
{
	frame_id *chain, made = NO_ID;

	if (c->frames[id] != NO_ID)
		return c->frames[id];
	for (size_t n = profile_inlined(c->from, id, &chain); n--;) {
		struct frame f = c->from->frames[chain[n]];

		f.function = copy_text(c, f.function);
		f.system_name = copy_text(c, f.system_name);
		f.file = copy_text(c, f.file);
		f.mapping = copy_mapping(c, f.mapping);
		f.inner = made;
		if (f.kind == FRAME_KERNEL && c->hides_kernel)
			f.address = 0;
		made = c->frames[chain[n]] = profile_add_frame(c->to, &f);
	}
	free(chain);
	return made;
}

stack_id profile_copy_stack(struct profile_copy *c, stack_id stack)
{
	stack_id *path = NULL, made = NO_ID;
	size_t n = 0, cap = 0;

	for (; stack != NO_ID; stack = stacks_parent(&c->from->stacks, stack)) {
		made = c->stacks[stack];
		if (made != NO_ID)
			break;
		array_reserve(path, cap, n + 1);
		path[n++] = stack;
	}
	while (n--) {
		frame_id frame = copy_frame(c, stacks_item(&c->from->stacks, path[n]));

		made = c->stacks[path[n]] = stacks_push(&c->to->stacks, made, frame);
	}
	free(path);
	return made;
}

size_t profile_copy_labels(struct profile_copy *c, labels_id labels, struct label *ret, size_t max)
{
	const struct label_set *set = &c->from->label_sets[labels];
	size_t n = 0;

	for (; n < set->n && n < max; n++) {
		const struct label *l = &c->from->labels[set->first + n];

		ret[n] = (struct label){copy_text(c, l->key), copy_text(c, l->text), l->number,
					copy_text(c, l->unit)};
	}
	return n;
}
