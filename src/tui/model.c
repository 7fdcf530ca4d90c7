/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tabs show of a profile. */
#include "tui/model.h"

#include "base/hash.h"
#include "base/mem.h"

#include <string.h>

enum { MOST_NODES = 40000, MOST_SPARKS = 20000 };

static const struct tree_options tree_options[2] = {
	{.least = 2e-5, .most = MOST_NODES}, {.inverted = true, .least = 2e-5, .most = MOST_NODES}};

static void drop(struct model *m)
{
	view_release(&m->all);
	m->has_all = false;
	for (int i = 0; i < 2; i++) {
		view_release(&m->groups[i]);
		tree_release(&m->trees[i]);
		children_release(&m->children[i]);
		free(m->keys[i]);
		m->keys[i] = NULL;
		m->has_groups[i] = m->has_trees[i] = false;
	}
}

void model_release(struct model *m)
{
	drop(m);
	free(m->sparks);
	map64_release(&m->spark_of);
	*m = (struct model){0};
}

void model_changed(struct model *m, const struct profile *p)
{
	drop(m);
	m->p = p;
	m->err = (struct err){0};
	m->o.focus = *m->focus ? m->focus : NULL;
	m->o.only = *m->only ? m->only : NULL;
}

const struct view *model_view(struct model *m)
{
	if (!m->has_all && !m->err.what[0]) {
		m->o.by = BY_NONE;
		m->has_all = !view_open(&m->all, m->p, &m->o, &m->err);
		if (m->has_all)
			view_count(&m->all);
		else
			view_release(&m->all);
	}
	return m->has_all ? &m->all : NULL;
}

const struct view *model_groups(struct model *m, int which)
{
	if (!m->has_groups[which] && model_view(m)) {
		m->o.by = which == MODEL_PROCESSES ? BY_PID : BY_TID;
		m->has_groups[which] = !view_open(&m->groups[which], m->p, &m->o, &m->err);
	}
	return m->has_groups[which] ? &m->groups[which] : NULL;
}

/* Keys are never 0, which stands for the whole, nor the one that no map holds. */
static uint64_t *keys_of(const struct view *v, const struct tree *t)
{
	uint64_t *keys = mem_array(t->n, sizeof(*keys));

	for (size_t i = 0; i < t->n; i++) {
		uint64_t up = t->nodes[i].parent == NO_ID ? 0 : keys[t->nodes[i].parent];

		keys[i] = hash_u64(up + function_key(&v->functions[t->nodes[i].function])) >> 1 | 1;
	}
	return keys;
}

const struct tree *model_tree(struct model *m, bool inverted, const struct children **ret)
{
	const struct view *v = model_view(m);

	if (v && !m->has_trees[inverted]) {
		tree_build(&m->trees[inverted], v, &tree_options[inverted]);
		children_find(&m->children[inverted], &m->trees[inverted], v, CHILDREN_BY_WEIGHT);
		m->keys[inverted] = keys_of(v, &m->trees[inverted]);
		m->has_trees[inverted] = true;
	}
	*ret = &m->children[inverted];
	return m->has_trees[inverted] ? &m->trees[inverted] : NULL;
}

uint64_t function_key(const struct function *f)
{
	return (hash_bytes(f->name, strlen(f->name)) ^
		hash_u64(hash_bytes(f->module, strlen(f->module)) + f->kind * 2u + f->inlined)) >>
	       1; /* never the key that no map holds */
}

/* -- sparklines -- */

static struct spark *spark_of(struct model *m, const struct function *f)
{
	uint64_t key = function_key(f), at;

	if (map64_find(&m->spark_of, key, &at))
		return &m->sparks[at];
	if (m->n_sparks == MOST_SPARKS)
		return NULL;
	array_reserve(m->sparks, m->cap_sparks, m->n_sparks + 1);
	m->sparks[m->n_sparks] = (struct spark){.key = key};
	map64_set(&m->spark_of, key, m->n_sparks);
	return &m->sparks[m->n_sparks++];
}

void model_tick(struct model *m, double part)
{
	const struct view *v = model_view(m);

	for (size_t i = 0; i < m->n_sparks; i++)
		m->sparks[i].seconds[m->spark_at] = 0;
	for (size_t i = 0; v && i < v->n_functions; i++) {
		const struct function *f = &v->functions[i];
		struct spark *s = f->self ? spark_of(m, f) : NULL;
		double before;

		if (!s)
			continue;
		before = (double)s->last * part;
		s->seconds[m->spark_at] = (float)MAX((double)f->self - before, 0.0);
		s->last = f->self;
	}
	m->spark_at = (m->spark_at + 1) % SPARK_SECONDS;
}

void model_forget(struct model *m)
{
	m->n_sparks = 0;
	map64_release(&m->spark_of);
}

const struct spark *model_spark(const struct model *m, const struct function *f)
{
	uint64_t at;

	return map64_find(&m->spark_of, function_key(f), &at) ? &m->sparks[at] : NULL;
}
