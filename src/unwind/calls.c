/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What direct calls lead to. */
#include "unwind/calls.h"

#include "abi/code_bytes.h"
#include "abi/unwind_rule.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/sort.h"
#include "elf/code_window.h"
#include "elf/insn.h"
#include "unwind/starts.h"

#include <stdlib.h>

enum {
	MAX_REACH = 1 << 13,   /* instructions */
	MAX_REACHES = 1 << 16, /* kept */
	MAX_SPANS_KEPT = 1 << 22,
	MAX_A_SECOND = 1 << 20, /* instructions, of all targets */
	MAX_ASKED = 1 << 18,    /* questions whose answers are kept */
	NEAR_BYTES = 64,
};

/* Instructions that follow one another. */
struct span {
	uint64_t from, to;
};

/* All that a target leads to. */
struct reach {
	const struct elf_file *elf;
	uint64_t target;
	struct span *spans; /* by address, apart from each other */
	size_t n, cap;
	bool anywhere; /* and whatever else */
};

struct calls {
	struct insn_reader *reader; /* NULL: nothing is contradicted */
	struct map64 known;         /* hash of file and target -> reach */
	struct reach *reaches;
	size_t n_reaches, cap_reaches, n_spans;
	struct map64 asked; /* hash of file, return address and callee -> answer */
	size_t n_asked;
	struct map64 visited;  /* instructions, of the target that is looked at */
	uint64_t second, work; /* instructions of that second */
	struct code_window window;
	struct starts *starts;
};

struct calls *calls_new(void)
{
	struct calls *c = mem_alloc(sizeof(*c));

	c->reader = insn_reader_new();
	c->starts = starts_new();
	return c;
}

static void forget(struct calls *c)
{
	for (size_t i = 0; i < c->n_reaches; i++)
		free(c->reaches[i].spans);
	map64_release(&c->known);
	c->n_reaches = c->n_spans = 0;
}

void calls_free(struct calls *c)
{
	if (!c)
		return;
	forget(c);
	map64_release(&c->visited);
	map64_release(&c->asked);
	free(c->reaches);
	insn_reader_free(c->reader);
	starts_free(c->starts);
	free(c);
}

/* -- what a target leads to -- */

static int span_order(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

/* Sorts the spans, and makes one of those that touch. */
static void join_spans(struct reach *r)
{
	size_t kept = 0;

	if (r->n)
		qsort(r->spans, r->n, sizeof(*r->spans), span_order);
	for (size_t i = 0; i < r->n; i++) {
		if (kept && r->spans[i].from <= r->spans[kept - 1].to)
			r->spans[kept - 1].to = MAX(r->spans[kept - 1].to, r->spans[i].to);
		else
			r->spans[kept++] = r->spans[i];
	}
	r->n = kept;
}

static bool has_reached(const struct reach *r, uint64_t address)
{
	size_t at = count_before(r->n, i, r->spans[i].to <= address);

	return at < r->n && r->spans[at].from <= address;
}

struct todo {
	uint64_t *addresses;
	size_t n, cap;
};

static void todo_add(struct todo *todo, uint64_t address)
{
	array_reserve(todo->addresses, todo->cap, todo->n + 1);
	todo->addresses[todo->n++] = address;
}

static bool visit_insn(struct calls *c, uint64_t address)
{
	uint64_t seen;

	if (map64_find(&c->visited, address, &seen))
		return false;
	map64_set(&c->visited, address, 1);
	return true;
}

/* From one address on, up to where it goes elsewhere, or has been. Returns how many instructions
 * that were. */
static unsigned follow(struct calls *c, const struct elf_file *elf, uint64_t address,
		       struct reach *r, struct todo *todo)
{
	uint64_t from = address;
	bool goes_on = true, pushed = false, called = false;
	unsigned count = 0;

	/* Where another function begins behind a call, the call does not come back. */
	while (goes_on && count < MAX_REACH && address != UINT64_MAX &&
	       !(called && starts_has(c->starts, elf, address)) && visit_insn(c, address)) {
		size_t n;
		const uint8_t *code = code_window_at(&c->window, elf, address, &n);
		struct insn in;

		count++;
		if (!insn_read(c->reader, code, n, address, &in)) {
			r->anywhere = true;
			break;
		}
		address += in.length;
		/* A call of what lies right behind it is how retpolines begin, which do not come
		 * back. */
		if (in.flow == FLOW_BRANCH || in.flow == FLOW_JUMP ||
		    (in.flow == FLOW_CALL && in.target - address < NEAR_BYTES))
			todo_add(todo, in.target);
		/* What was put on the stack and returned to is as good as a jump there. */
		if (in.flow == FLOW_INDIRECT_JUMP || (in.flow == FLOW_RETURN && pushed))
			r->anywhere = true;
		pushed = in.effect == EFFECT_PUSH ||
			 (in.effect == EFFECT_STORE && in.to == REG_SP && !in.value);
		goes_on = insn_goes_on(&in);
		called = in.flow == FLOW_CALL || in.flow == FLOW_INDIRECT_CALL ||
			 (called && in.is_padding);
	}
	if (address > from) {
		array_reserve(r->spans, r->cap, r->n + 1);
		r->spans[r->n++] = (struct span){from, address};
	}
	return count;
}

static void reach_make(struct calls *c, struct reach *r)
{
	struct todo todo = {0};
	unsigned count = 0;

	todo_add(&todo, r->target);
	while (todo.n && count < MAX_REACH && !r->anywhere)
		count += follow(c, r->elf, todo.addresses[--todo.n], r, &todo);
	r->anywhere |= todo.n != 0;
	free(todo.addresses);
	map64_release(&c->visited);
	join_spans(r);
	c->work += count;
}

/* Has so much been read in this second that it is enough? */
static bool is_exhausted(struct calls *c)
{
	uint64_t second = monotonic_ns() / 1000000000;

	if (second != c->second)
		c->work = 0;
	c->second = second;
	return c->work > MAX_A_SECOND;
}

/* NULL: not now. */
static const struct reach *reach_get(struct calls *c, const struct elf_file *elf, uint64_t target)
{
	uint64_t key = hash_u64(hash_u64((uintptr_t)elf) ^ target) >> 1, index;
	struct reach *r;

	if (map64_find(&c->known, key, &index) && c->reaches[index].elf == elf &&
	    c->reaches[index].target == target)
		return &c->reaches[index];
	if (is_exhausted(c))
		return NULL;
	if (c->n_reaches == MAX_REACHES || c->n_spans > MAX_SPANS_KEPT)
		forget(c);
	array_reserve(c->reaches, c->cap_reaches, c->n_reaches + 1);
	r = &c->reaches[c->n_reaches];
	*r = (struct reach){.elf = elf, .target = target};
	reach_make(c, r);
	c->n_spans += r->n;
	map64_set(&c->known, key, c->n_reaches++);
	return r;
}

static enum lead calls_ask(struct calls *c, const struct elf_file *elf, uint64_t return_address,
			   uint64_t callee)
{
	const struct reach *r;
	uint64_t bytes, target;

	if (!c->reader || !elf_file_read(elf, return_address - 8, &bytes, sizeof(bytes)))
		return LEAD_POSSIBLE;
	if (is_indirect_call_before(bytes) || is_nop_before(bytes))
		return LEAD_POSSIBLE;
	if (!is_direct_call_before(bytes))
		return LEAD_IMPOSSIBLE;
	target = direct_call_target(bytes, return_address);
	r = reach_get(c, elf, target);
	if (!r)
		return LEAD_UNKNOWN;
	if (callee && (has_reached(r, callee) || starts_in_one(c->starts, elf, target, callee)))
		return LEAD_PROVEN;
	return r->anywhere ? LEAD_POSSIBLE : LEAD_IMPOSSIBLE;
}

enum lead calls_lead(struct calls *c, const struct elf_file *elf, uint64_t return_address,
		     uint64_t callee)
{
	uint64_t key = hash_u64(hash_u64(hash_u64((uintptr_t)elf) ^ return_address) ^ callee) >> 1;
	uint64_t known;
	enum lead answer;

	if (map64_find(&c->asked, key, &known))
		return (enum lead)known;
	answer = calls_ask(c, elf, return_address, callee);
	if (answer == LEAD_UNKNOWN)
		return LEAD_POSSIBLE;
	if (c->n_asked++ == MAX_ASKED) {
		map64_release(&c->asked);
		c->n_asked = 0;
	}
	map64_set(&c->asked, key, answer);
	return answer;
}
