/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two profiles made one. */
#include "analysis/diff_merge.h"

#include "analysis/timeline.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/sum.h"
#include "profile/named_mappings.h"
#include "profile/values.h"

#include <string.h>

struct merging {
	struct profile *to;
	const struct profile *from;
	frame_id *frame_of; /* of `from` -> of `to`; NO_ID: not yet */
	stack_id *stack_of;
	struct named_mappings *mappings; /* of `to` */
};

static mapping_id diff_merge_mapping_of(struct merging *m, const struct frame *f)
{
	const char *module = profile_module(m->from, f);
	struct mapping like = {.has_functions = true};

	if (!*module)
		return NO_ID;
	like.filename = strings_add(&m->to->strings, module);
	return named_mappings_add(m->mappings, &like);
}

/* A frame without its address and line: equal functions are to meet. Those inlined in it first. */
static frame_id frame_of(struct merging *m, frame_id id)
{
	frame_id *chain, made = NO_ID;

	if (m->frame_of[id] != NO_ID)
		return m->frame_of[id];
	for (size_t n = profile_inlined(m->from, id, &chain); n--;) {
		const struct frame *from = &m->from->frames[chain[n]];
		struct frame f = {.kind = from->kind,
				  .inlined = from->inlined,
				  .named = from->named,
				  .inner = made};

		f.function = f.system_name =
			strings_add(&m->to->strings, profile_text(m->from, from->function));
		f.mapping = diff_merge_mapping_of(m, from);
		made = profile_add_frame(m->to, &f);
	}
	free(chain);
	return m->frame_of[id] = made;
}

static void add_stacks(struct merging *m)
{
	const struct stacks *s = &m->from->stacks;

	stacks_each(s, i)
	{
		stack_id parent = stacks_parent(s, i);

		m->stack_of[i] =
			stacks_push(&m->to->stacks, parent == NO_ID ? NO_ID : m->stack_of[parent],
				    frame_of(m, stacks_item(s, i)));
	}
}

/* The parts of a sum are rounded so that they add up to what it is rounded. */
static int64_t scaled_part(int64_t *sum, int64_t value, double scale)
{
	int64_t before = sum_rounded((double)*sum * scale), part;

	sum_add(sum, value);
	part = sum_rounded((double)*sum * scale);
	sum_add(&part, -before);
	return scale == 1 ? value : part;
}

static void add_samples(struct merging *m, const struct view *v, const char *side, double scale)
{
	const struct profile *p = m->from;
	struct strings *s = &m->to->strings;
	struct label labels[2] = {{.key = strings_add(s, "side"), .text = strings_add(s, side)},
				  {.key = strings_add(s, TIMELINE_KEY)}};
	struct timeline times;
	bool timed = timeline_find(&times, p);
	int64_t sum = 0;

	for (size_t i = 0; i < p->n_samples; i++) {
		stack_id stack = p->samples[i].stack;
		const int64_t *from = p->values + i * p->n_types;
		int64_t values[DIFF_VALUES];
		bool has = timed && timeline_sample(&times, i, &labels[1].number);

		if (v->origin_of[i] == NO_ID)
			continue;
		values[DIFF_COUNT] = v->counts == NO_ID ? 0 : from[v->counts];
		values[DIFF_SCALED] = scaled_part(&sum, from[v->value], scale);
		values[DIFF_WEIGHT] = from[v->value];
		profile_add_sample(m->to, stack == NO_ID ? NO_ID : m->stack_of[stack],
				   profile_add_labels(m->to, labels, has ? 2 : 1), values);
	}
}

static void diff_merge_add(struct profile *to, struct named_mappings *mappings,
			   const struct view *v, const char *side, double scale)
{
	struct merging m = {.to = to, .from = v->p, .mappings = mappings};

	m.frame_of = mem_array(v->p->n_frames, sizeof(*m.frame_of));
	m.stack_of = mem_array(v->p->stacks.n, sizeof(*m.stack_of));
	memset(m.frame_of, 0xff, v->p->n_frames * sizeof(*m.frame_of));
	add_stacks(&m);
	add_samples(&m, v, side, scale);
	free(m.frame_of);
	free(m.stack_of);
}

void diff_merge(struct profile *to, const struct view *base, const struct view *new, double scale)
{
	struct named_mappings mappings auto_release(named_mappings_release) = {.p = to};

	value_add(to, "samples");
	to->default_type = profile_add_type(to, new->type, new->unit);
	profile_add_type(to, "unscaled", new->unit);
	to->time_ns = new->p->time_ns;
	diff_merge_add(to, &mappings, base, "base", scale);
	diff_merge_add(to, &mappings, new, "new", 1);
}
