/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The merged call tree of a profile. */
#include "analysis/tree.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/regex.h"
#include "base/str.h"
#include "base/sum.h"

#include <errno.h>
#include <string.h>

static const char *const group_names[] = {
	[BY_NONE] = "none", [BY_PROCESS] = "process", [BY_THREAD] = "thread", [BY_PID] = "pid",
	[BY_TID] = "tid",   [BY_CPU] = "cpu",         [BY_CGROUP] = "cgroup",
};

bool group_by_parse(const char *text, enum group_by *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(group_names); i++) {
		if (str_equal(text, group_names[i])) {
			*ret = (enum group_by)i;
			return true;
		}
	}
	return false;
}

uint32_t profile_value_index(const struct profile *p, const struct view_options *o, struct err *err)
{
	struct str names auto_release(str_release) = {0};

	if (!p->n_types) {
		err_set(err, -EINVAL, "the profile has no values");
		return NO_ID;
	}
	if (!o->value)
		return o->count ? 0 : (uint32_t)p->default_type;
	for (uint32_t i = 0; i < p->n_types; i++) {
		if (str_equal(profile_text(p, p->types[i].type), o->value))
			return i;
		str_printf(&names, "%s%s", i ? ", " : "", profile_text(p, p->types[i].type));
	}
	err_usage(err, "the profile has no value '%s'", o->value);
	err_cure(err, "it has %s", names.text);
	return NO_ID;
}

struct placed {
	uint32_t group; /* row + 1 */
	stack_id node;  /* NO_ID: nowhere yet */
};

/* Everything that is needed while a tree is built. */
struct build {
	struct tree *t;
	const struct profile *p;
	enum group_by by;
	uint32_t *row_of_frame; /* NO_ID: not yet */
	struct map row_map;
	struct placed
		*placed;      /* stack -> where it stands under the group that it came with first */
	struct map64 node_of; /* group row + 1, stack -> node, under further groups */
	struct map64 group_rows; /* label set -> row + 1, 0: none */
	struct map group_map;    /* by name */
	uint8_t *keep;           /* per stack node: bit 0 focus, bit 1 ignore */
	string_id keys[7];
};

void tree_release(struct tree *t)
{
	for (size_t i = 0; i < t->n_names; i++)
		free(t->names[i]);
	free(t->names);
	free(t->rows);
	free(t->nodes);
	stacks_release(&t->shape);
	*t = (struct tree){0};
}

static uint32_t row_add(struct tree *t, const struct tree_row *row)
{
	array_reserve(t->rows, t->cap_rows, t->n_rows + 1);
	t->rows[t->n_rows] = *row;
	return (uint32_t)t->n_rows++;
}

static bool row_equal(const void *ctx, uint32_t id, const void *key)
{
	const struct tree_row *a = &((const struct tree *)ctx)->rows[id], *b = key;

	/* Texts are interned: equal ones are one pointer. */
	return a->name == b->name && a->kind == b->kind && a->inlined == b->inlined &&
	       a->is_group == b->is_group && str_equal(a->module, b->module);
}

static uint32_t row_of_frame(struct build *b, frame_id id)
{
	const struct frame *f = &b->p->frames[id];
	struct tree_row row;
	uint64_t hash;

	if (b->row_of_frame[id] != NO_ID)
		return b->row_of_frame[id];
	row = (struct tree_row){.kind = f->kind, .inlined = f->inlined, .named = f->named};
	row.name = profile_text(b->p, f->function);
	row.module = profile_module(b->p, f);
	hash = hash_u64((uintptr_t)row.name) ^ hash_bytes(row.module, strlen(row.module)) ^
	       hash_u64((uint64_t)row.kind << 8 | row.inlined);
	b->row_of_frame[id] = map_find(&b->row_map, hash, row_equal, b->t, &row);
	if (b->row_of_frame[id] == NO_ID) {
		b->row_of_frame[id] = row_add(b->t, &row);
		map_add(&b->row_map, hash, b->row_of_frame[id]);
	}
	return b->row_of_frame[id];
}

/* -- groups -- */

static const char *text_label(const struct build *b, labels_id labels, string_id key)
{
	const struct label *l = key == NO_ID ? NULL : profile_label(b->p, labels, key);

	return l && l->text ? profile_text(b->p, l->text) : NULL;
}

static const struct label *number_label(const struct build *b, labels_id labels, string_id key)
{
	const struct label *l = key == NO_ID ? NULL : profile_label(b->p, labels, key);

	return l && !l->text ? l : NULL;
}

/* The name at the root of a sample with these labels (heap), NULL when it lacks the label. */
static char *group_name(const struct build *b, labels_id labels)
{
	const char *process = text_label(b, labels, b->keys[BY_PROCESS]);
	const char *text = text_label(b, labels, b->keys[b->by]);
	const struct label *pid = number_label(b, labels, b->keys[BY_PID]);
	const struct label *number = number_label(b, labels, b->keys[b->by]);

	switch (b->by) {
	case BY_PROCESS:
	case BY_THREAD:
	case BY_CGROUP:
		return text ? mem_strdup(text) : NULL;
	case BY_PID:
		return number ? mem_printf("%s-%lld", process ? process : "process",
					   (long long)number->number)
			      : NULL;
	case BY_TID:
		return number && pid ? mem_printf("%s-%lld/%lld", process ? process : "process",
						  (long long)pid->number, (long long)number->number)
				     : NULL;
	case BY_CPU:
		return number ? mem_printf("cpu %lld", (long long)number->number) : NULL;
	case BY_NONE:
		break;
	}
	return NULL;
}

static bool group_equal(const void *ctx, uint32_t id, const void *key)
{
	return str_equal(((const struct tree *)ctx)->rows[id].name, key);
}

/* Row + 1 of the group that a label set belongs to; 0: none. */
static uint32_t group_row(struct build *b, labels_id labels)
{
	struct tree_row row = {.module = "", .kind = FRAME_NOTE, .named = true, .is_group = true};
	uint64_t known, hash;
	uint32_t id = NO_ID;
	char *name;

	if (b->by == BY_NONE)
		return 0;
	if (map64_find(&b->group_rows, labels, &known))
		return (uint32_t)known;
	name = group_name(b, labels);
	if (name) {
		hash = hash_bytes(name, strlen(name));
		id = map_find(&b->group_map, hash, group_equal, b->t, name);
		if (id == NO_ID) {
			array_reserve(b->t->names, b->t->cap_names, b->t->n_names + 1);
			row.name = b->t->names[b->t->n_names++] = name;
			id = row_add(b->t, &row);
			map_add(&b->group_map, hash, id);
		} else {
			free(name);
		}
	}
	map64_set(&b->group_rows, labels, id + 1u);
	return id + 1;
}

/* -- nodes -- */

static stack_id node_add(struct tree *t, stack_id parent, uint32_t row)
{
	stack_id id = stacks_push(&t->shape, parent, row);
	size_t had = t->cap_nodes;

	array_reserve(t->nodes, t->cap_nodes, t->shape.n);
	memset(t->nodes + had, 0, (t->cap_nodes - had) * sizeof(*t->nodes));
	return id;
}

static bool find_placed(const struct build *b, uint32_t group, stack_id stack, stack_id *ret)
{
	const struct placed *p = &b->placed[stack];
	uint64_t known;

	if (p->node != NO_ID && p->group == group) {
		*ret = p->node;
		return true;
	}
	if (p->node == NO_ID || !map64_find(&b->node_of, (uint64_t)group << 32 | stack, &known))
		return false;
	*ret = (stack_id)known;
	return true;
}

static void place(struct build *b, uint32_t group, stack_id stack, stack_id node)
{
	if (b->placed[stack].node == NO_ID)
		b->placed[stack] = (struct placed){group, node};
	else
		map64_set(&b->node_of, (uint64_t)group << 32 | stack, node);
}

/* The node of a stack under a group; NO_ID for an empty stack without a group. */
static stack_id node_of(struct build *b, uint32_t group, stack_id stack)
{
	const struct stack_node *nodes = b->p->stacks.nodes;
	stack_id *path = NULL, node = NO_ID;
	size_t n = 0, cap = 0;

	for (; stack != NO_ID; stack = nodes[stack].parent) {
		if (find_placed(b, group, stack, &node))
			break;
		array_reserve(path, cap, n + 1);
		path[n++] = stack;
	}
	if (stack == NO_ID && group)
		node = node_add(b->t, NO_ID, group - 1);
	while (n--) {
		for (frame_id f = nodes[path[n]].item; f != NO_ID; f = b->p->frames[f].inner)
			node = node_add(b->t, node, row_of_frame(b, f));
		place(b, group, path[n], node);
	}
	free(path);
	return node;
}

/* Marks the stacks that hold a frame matched by focus (1) or ignore (2). */
static int mark_filters(struct build *b, const struct view_options *o, struct err *err)
{
	const char *patterns[] = {o->focus, o->ignore};
	const struct stacks *s = &b->p->stacks;

	for (unsigned i = 0; i < 2; i++) {
		struct regex *re = patterns[i] ? regex_new(patterns[i], err) : NULL;
		auto_free uint8_t *hit = mem_alloc(b->p->n_frames + 1);

		if (!re && patterns[i])
			return err->code;
		if (!re)
			continue;
		for (size_t f = 0; f < b->p->n_frames; f++)
			hit[f] = regex_matches(re, profile_text(b->p, b->p->frames[f].function));
		for (size_t f = 0; f < b->p->n_frames; f++)
			for (frame_id g = b->p->frames[f].inner; g != NO_ID;
			     g = b->p->frames[g].inner)
				hit[f] |= hit[g];
		regex_free(re);
		for (size_t n = 0; n < s->n; n++) {
			uint8_t above =
				s->nodes[n].parent == NO_ID ? 0 : b->keep[s->nodes[n].parent];

			b->keep[n] |=
				(uint8_t)((above & 1u << i) | (unsigned)hit[s->nodes[n].item] << i);
		}
	}
	return 0;
}

static bool is_kept(const struct build *b, const struct view_options *o, stack_id stack)
{
	uint8_t marks = stack == NO_ID ? 0 : b->keep[stack];

	return (!o->focus || marks & 1) && !(marks & 2);
}

/*
 * Rows' totals: a node counts unless its row is above it already (recursion). One walk over the
 * tree, with the number of times that each row is on the path: stacks may be deep and many.
 */
static void add_row_totals(struct tree *t)
{
	const struct stack_node *shape = t->shape.nodes;
	size_t n = t->shape.n;
	auto_free stack_id *child = mem_array(n + 1, sizeof(*child)); /* first; [n]: of the root */
	auto_free stack_id *sibling = mem_array(n + 1, sizeof(*sibling));
	auto_free uint32_t *on_path = mem_array(t->n_rows, sizeof(*on_path));

	memset(child, 0xff, (n + 1) * sizeof(*child));
	for (stack_id i = 0; i < n; i++) {
		size_t parent = shape[i].parent == NO_ID ? n : shape[i].parent;

		sibling[i] = child[parent];
		child[parent] = i;
	}
	for (stack_id i = child[n]; i != NO_ID;) {
		if (!on_path[shape[i].item]++)
			sum_add(&t->rows[shape[i].item].total, t->nodes[i].total);
		if (child[i] != NO_ID) {
			i = child[i];
			continue;
		}
		/* Up to where there is a sibling; every node left is off the path. */
		while (i != NO_ID && (on_path[shape[i].item]--, sibling[i] == NO_ID))
			i = shape[i].parent;
		i = i == NO_ID ? NO_ID : sibling[i];
	}
}

/* Sums up: every node's total, every row's self and total. */
static void add_up(struct tree *t)
{
	const struct stack_node *shape = t->shape.nodes;

	for (size_t i = t->shape.n; i-- > 0;) {
		sum_add(&t->nodes[i].total, t->nodes[i].self);
		sum_add(&t->rows[shape[i].item].self, t->nodes[i].self);
		if (shape[i].parent != NO_ID)
			sum_add(&t->nodes[shape[i].parent].total, t->nodes[i].total);
	}
	add_row_totals(t);
}

static void add_samples(struct build *b, const struct view_options *o, uint32_t value)
{
	const struct profile *p = b->p;

	for (size_t i = 0; i < p->n_samples; i++) {
		int64_t weight = p->values[i * p->n_types + value];
		stack_id node;

		if (!weight || !is_kept(b, o, p->samples[i].stack))
			continue;
		node = node_of(b, group_row(b, p->samples[i].labels), p->samples[i].stack);
		sum_add(&b->t->total, weight);
		if (node != NO_ID)
			sum_add(&b->t->nodes[node].self, weight);
	}
}

int tree_build(struct tree *t, const struct profile *p, const struct view_options *o,
	       struct err *err)
{
	struct build b = {.t = t, .p = p, .by = o->by};
	uint32_t value = profile_value_index(p, o, err);
	int code;

	*t = (struct tree){0};
	if (value == NO_ID)
		return err->code;
	t->type = profile_text(p, p->types[value].type);
	t->unit = profile_text(p, p->types[value].unit);
	b.keep = mem_alloc(p->stacks.n + 1);
	b.placed = mem_array(p->stacks.n + 1, sizeof(*b.placed));
	memset(b.placed, 0xff, p->stacks.n * sizeof(*b.placed));
	b.row_of_frame = mem_array(p->n_frames + 1, sizeof(*b.row_of_frame));
	memset(b.row_of_frame, 0xff, (p->n_frames + 1) * sizeof(*b.row_of_frame));
	for (size_t i = 0; i < ARRAY_SIZE(b.keys); i++)
		b.keys[i] = strings_find(&p->strings, group_names[i]);
	code = mark_filters(&b, o, err);
	if (!code) {
		add_samples(&b, o, value);
		add_up(t);
	}
	free(b.keep);
	free(b.placed);
	free(b.row_of_frame);
	map_release(&b.row_map);
	map_release(&b.group_map);
	map64_release(&b.node_of);
	map64_release(&b.group_rows);
	return code;
}

/* -- order -- */

static int compare_rows(const struct tree_row *a, const struct tree_row *b, bool by_total)
{
	int64_t first_a = by_total ? a->total : a->self, first_b = by_total ? b->total : b->self;
	int64_t next_a = by_total ? a->self : a->total, next_b = by_total ? b->self : b->total;
	int order;

	if (first_a != first_b)
		return first_a < first_b ? 1 : -1;
	if (next_a != next_b)
		return next_a < next_b ? 1 : -1;
	order = strcmp(a->name, b->name);
	return order ? order : strcmp(a->module, b->module);
}

static int by_self(const void *a, const void *b, void *rows)
{
	const struct tree_row *r = rows;

	return compare_rows(&r[*(const uint32_t *)a], &r[*(const uint32_t *)b], false);
}

static int by_total(const void *a, const void *b, void *rows)
{
	const struct tree_row *r = rows;

	return compare_rows(&r[*(const uint32_t *)a], &r[*(const uint32_t *)b], true);
}

uint32_t *tree_rows_sorted(const struct tree *t, enum sort_key key, size_t *ret_n)
{
	uint32_t *order = mem_array(t->n_rows, sizeof(*order));
	size_t n = 0;

	for (uint32_t i = 0; i < t->n_rows; i++)
		if (t->rows[i].self || t->rows[i].total)
			order[n++] = i;
	if (n)
		qsort_r(order, n, sizeof(*order), key == SORT_SELF ? by_self : by_total, t->rows);
	*ret_n = n;
	return order;
}
