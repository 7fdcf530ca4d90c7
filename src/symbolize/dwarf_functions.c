/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions of a unit, and what is inlined into them. */
#include "symbolize/dwarf_reader.h"

#include "base/mem.h"

#include <dwarf.h>

/* What is read of a function's or inlined function's DIE. */
struct die {
	struct value low, high, ranges, origin, call_file, call_line;
	bool is_abstract; /* only others are copies of it */
	const uint8_t *sibling;
};

/* Where the DIE's sibling lies, which is behind the cursor; NULL: unknown. */
static const uint8_t *sibling_at(struct unit *u, const struct cursor *c,
				 const struct value *sibling)
{
	struct unit *other = u;
	const uint8_t *at = sibling->form ? unit_refers(u, sibling, &other) : NULL;

	return other == u && at >= c->at ? at : NULL;
}

static void read_die(struct unit *u, struct cursor *c, const struct abbrev *a, struct die *ret)
{
	struct value sibling = {0};

	*ret = (struct die){0};
	for (uint32_t i = 0; i < a->n; i++) {
		const struct attribute *at = &u->abbrevs->attributes[a->first + i];
		struct value ignored, *to = &ignored;

		switch (at->name) {
		case DW_AT_low_pc:
			to = &ret->low;
			break;
		case DW_AT_high_pc:
			to = &ret->high;
			break;
		case DW_AT_ranges:
			to = &ret->ranges;
			break;
		case DW_AT_abstract_origin:
			to = &ret->origin;
			break;
		case DW_AT_call_file:
			to = &ret->call_file;
			break;
		case DW_AT_call_line:
			to = &ret->call_line;
			break;
		case DW_AT_inline:
			ret->is_abstract = true;
			break;
		case DW_AT_sibling:
			to = &sibling;
			break;
		default:
			break;
		}
		read_value(u, c, at, to);
	}
	ret->sibling = sibling_at(u, c, &sibling);
}

static void die_ranges(const struct unit *u, const struct die *d, range_visit *visit, void *ctx)
{
	uint64_t lo, hi;

	if (d->ranges.form) {
		unit_ranges(u, &d->ranges, visit, ctx);
		return;
	}
	if (!unit_address(u, &d->low, &lo) || !d->high.form)
		return;
	if (is_address_form(d->high.form)) {
		if (!unit_address(u, &d->high, &hi))
			return;
	} else {
		hi = lo + d->high.number;
	}
	if (lo < hi)
		visit(ctx, lo, hi);
}

static void add_range(void *unit, uint64_t lo, uint64_t hi)
{
	struct unit *u = unit;

	if (!lo || u->n_ranges == UINT32_MAX)
		return; /* what the linker dropped */
	array_reserve(u->function_ranges, u->cap_ranges, u->n_ranges + 1);
	u->function_ranges[u->n_ranges++] = (struct range){lo, hi};
}

static void dwarf_functions_add_function(struct unit *u, const uint8_t *at, const struct die *d)
{
	struct dwarf_function f = {.die = at, .first_range = (uint32_t)u->n_ranges};
	uint64_t offset = (uint64_t)(at - u->dies), known;

	if (u->level == LIST_CONCRETE && map64_find(&u->listed, offset, &known))
		return; /* one within another is met there, too */
	die_ranges(u, d, add_range, u);
	f.n_ranges = (uint32_t)u->n_ranges - f.first_range;
	if (!f.n_ranges)
		return;
	if (u->level == LIST_CONCRETE)
		map64_set(&u->listed, offset, 1);
	array_reserve(u->functions, u->cap_functions, u->n_functions + 1);
	u->functions[u->n_functions++] = f;
}

/* Gets past a DIE that is not read, and if it may be past what is within it. */
static bool skip_die(struct unit *u, struct cursor *c, const struct abbrev *a, bool whole)
{
	struct value sibling = {0};
	const uint8_t *to;

	skip_attributes(u, c, a, whole && a->has_children ? &sibling : NULL);
	to = sibling_at(u, c, &sibling);
	if (to)
		c->at = to;
	return to;
}

void unit_list(struct unit *u, enum list_depth list)
{
	struct cursor c = {u->dies, u->end, false};
	unsigned depth = 0, within = 0; /* depth of the function that we are in, 0: none */

	u->level = list;
	u->n_functions = u->n_ranges = 0;
	do {
		const uint8_t *at = c.at;
		const struct abbrev *a = unit_abbrev(u, &c);
		bool descend = a && a->has_children;
		struct die d;

		if (!a) {
			depth -= depth > 0;
			within = depth < within ? 0 : within;
			continue;
		}
		if (a->kind == DIE_FUNCTION) {
			read_die(u, &c, a, &d);
			dwarf_functions_add_function(u, at, &d);
			if (d.sibling && descend && list != LIST_ALL &&
			    !(list == LIST_CONCRETE && d.is_abstract)) {
				c.at = d.sibling;
				descend = false;
			} else if (descend && !within) {
				within = depth + 1;
			}
		} else if (skip_die(u, &c, a, a->kind == DIE_TYPE && !within)) {
			descend = false;
		}
		depth += descend;
	} while (depth && c.at < c.end && depth < MAX_DIE_DEPTH);
}

/* -- what is inlined -- */

struct telling {
	struct unit *u;
	struct names_builder *b;
	struct files *files;
	uint32_t node;
	bool collect; /* functions within functions */
};

static void tell_range(void *telling, uint64_t lo, uint64_t hi)
{
	struct telling *t = telling;

	if (lo)
		names_range(t->b, lo, hi, t->node);
}

static uint32_t tell_node(struct telling *t, const uint8_t *die, struct unit *holder,
			  uint32_t parent, const struct die *d)
{
	const struct origin *o = unit_origin(holder, die);
	struct names_node node = {
		.parent = parent,
		.name = o->name.at ? names_string(t->b, o->name.at, o->name.n) : NO_ID,
		.call_file = NO_ID,
		.start_line = o->line,
	};

	if (d->call_file.form) {
		node.call_file = files_get(t->files, d->call_file.number);
		node.call_line = (uint32_t)MIN(d->call_line.number, UINT32_MAX);
	}
	return names_node(t->b, &node);
}

static uint32_t tell_inlined(struct telling *t, const struct die *d, const uint8_t *at,
			     uint32_t parent)
{
	struct unit *holder = t->u;
	const uint8_t *origin = d->origin.form ? unit_refers(t->u, &d->origin, &holder) : NULL;

	if (!d->ranges.form && !d->low.form)
		return parent;
	t->node = tell_node(t, origin ? origin : at, origin ? holder : t->u, parent, d);
	die_ranges(t->u, d, tell_range, t);
	return t->node;
}

/* Reads a function's body. `nodes` holds, by depth, the innermost node around what is read; NO_ID
 * within a function of its own. */
static void tell_body(struct telling *t, struct cursor *c, uint32_t root)
{
	struct unit *u = t->u;
	uint32_t *nodes = NULL;
	size_t cap = 0, depth = 1;

	array_reserve(nodes, cap, 2);
	nodes[1] = root;
	while (depth && c->at < c->end && depth < MAX_DIE_DEPTH) {
		const uint8_t *at = c->at;
		const struct abbrev *a = unit_abbrev(u, c);
		uint32_t node = nodes[depth];
		struct die d;

		if (!a) {
			depth--;
			continue;
		}
		if (a->kind == DIE_FUNCTION) {
			read_die(u, c, a, &d);
			if (t->collect)
				dwarf_functions_add_function(u, at, &d);
			node = NO_ID;
			if (d.sibling && !d.is_abstract) {
				c->at = d.sibling;
				continue;
			}
		} else if (a->kind == DIE_INLINED && node != NO_ID) {
			read_die(u, c, a, &d);
			node = tell_inlined(t, &d, at, node);
		} else {
			skip_attributes(u, c, a, NULL);
		}
		if (!a->has_children)
			continue;
		array_reserve(nodes, cap, ++depth + 1);
		nodes[depth] = node;
	}
	free(nodes);
}

void unit_tell(struct unit *u, size_t function, struct names_builder *b, uint32_t order,
	       bool collect)
{
	struct dwarf_function f = u->functions[function];
	struct cursor c = {f.die, u->end, false};
	const struct abbrev *a = unit_abbrev(u, &c);
	struct telling t = {.u = u, .b = b, .files = unit_files(u, b), .collect = collect};
	struct die d;

	u->functions[function].told = true;
	if (!a)
		return;
	read_die(u, &c, a, &d);
	t.node = tell_node(&t, f.die, u, NO_ID, &(struct die){0});
	for (uint32_t i = 0; i < f.n_ranges; i++)
		tell_range(&t, u->function_ranges[f.first_range + i].lo,
			   u->function_ranges[f.first_range + i].hi);
	if (a->has_children)
		tell_body(&t, &c, t.node);
	names_function_end(b, order);
}
