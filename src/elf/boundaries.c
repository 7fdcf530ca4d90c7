/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where functions begin, by the code. */
#include "elf/boundaries.h"

#include "base/mem.h"
#include "base/sort.h"

#include <stdlib.h>

enum {
	ALIGN = 16,
	WORD = 8,
	MAX_BRANCH = 1 << 16, /* what lies further ahead is another function, */
	MAX_JUMP = 1 << 12,   /* of one that does not come back */
	MIN_FUNCTION = 4,     /* bytes: what is less is no function, but data */
};

/* A walk through code, one instruction after the other. */
struct sweep {
	struct insn_reader *reader;
	const uint8_t *code;
	size_t n;
	uint64_t address;
};

void boundaries_release(struct boundaries *b)
{
	free(b->starts);
	*b = (struct boundaries){0};
}

void boundaries_add(struct boundaries *b, uint64_t address)
{
	array_reserve(b->starts, b->cap, b->n + 1);
	b->starts[b->n++] = address;
}

static void sort(struct boundaries *b)
{
	size_t kept = 0;

	qsort(b->starts, b->n, sizeof(*b->starts), compare_u64);
	for (size_t i = 0; i < b->n; i++)
		if (!kept || b->starts[i] != b->starts[kept - 1])
			b->starts[kept++] = b->starts[i];
	b->n = b->cap = kept;
	b->starts = mem_resize(b->starts, kept, sizeof(*b->starts));
}

/* The instruction at an offset. Where none begins is data, up to the next word, and stops. */
static struct insn read_insn(const struct sweep *s, size_t at)
{
	struct insn in;

	/* What whole pages are filled with. */
	switch (s->code[at]) {
	case 0xcc: /* int3 */
	case 0xf4: /* hlt */
		return (struct insn){.length = 1, .flow = FLOW_STOP, .is_padding = true};
	case 0x90: /* nop */
		return (struct insn){.length = 1, .flow = FLOW_NEXT, .is_padding = true};
	}
	if (!insn_read(s->reader, s->code + at, s->n - at, s->address + at, &in))
		in = (struct insn){.length = (uint8_t)(WORD - (s->address + at) % WORD),
				   .flow = FLOW_STOP};
	return in;
}

/* What is called begins a function; but not what lies right behind the call, which is how code
 * learns its own address. */
static void add_called(struct boundaries *b, const struct sweep *s)
{
	struct insn in;

	for (size_t at = 0; at < s->n; at += in.length) {
		in = read_insn(s, at);
		if (in.flow == FLOW_CALL && in.target - s->address < s->n &&
		    in.target != s->address + at + in.length)
			boundaries_add(b, in.target);
	}
}

/* Where padding from an offset on ends: what never runs, or does nothing. */
static size_t behind_padding(const struct sweep *s, size_t at)
{
	struct insn in;

	while (at < s->n) {
		in = read_insn(s, at);
		if (!s->code[at])
			at++;
		else if (in.is_padding)
			at += in.length;
		else
			break;
	}
	return at;
}

/* Where an instruction jumps to further ahead in its function, as an offset; 0: it does not. */
static size_t jumps_to(const struct insn *in, const struct sweep *s, size_t behind)
{
	uint64_t ahead = in->target - s->address - behind;

	if (in->flow == FLOW_BRANCH
		    ? ahead >= MAX_BRANCH
		    : in->flow != FLOW_JUMP || ahead >= MAX_JUMP || in->target % ALIGN == 0)
		return 0;
	return behind + ahead;
}

enum ending {
	GOES_ON,
	MAY_END, /* padding says so, or an aligned address */
	ENDS,
};

/* Does a function end behind an instruction, beyond which nothing in it has jumped? */
static enum ending ending(const struct insn *in, bool by_table, bool furthest)
{
	if (in->flow == FLOW_RETURN && !by_table)
		return ENDS;
	/* The last thing that is jumped to is often a call that does not come back. */
	return !insn_goes_on(in) || (furthest && in->flow == FLOW_CALL) ? MAY_END : GOES_ON;
}

/* Adds the functions behind the ends of others. The first `n_known` boundaries are in order. */
static void add_behind_ends(struct boundaries *b, const struct sweep *s)
{
	size_t n_known = b->n, next_known = 0, furthest = 0, begin = 0, next;
	bool by_table = false; /* a jump through a table was there: what follows may be its */

	for (size_t at = 0; at < s->n; at = next) {
		struct insn in = read_insn(s, at);
		size_t end = at + in.length;
		enum ending how;

		while (next_known < n_known && b->starts[next_known] <= s->address + at) {
			furthest = 0;
			by_table = false;
			next_known++;
		}
		next = end;
		furthest = MAX(furthest, jumps_to(&in, s, end));
		by_table |= in.flow == FLOW_INDIRECT_JUMP;
		how = furthest >= end ? GOES_ON : ending(&in, by_table, furthest == at);
		if (how == GOES_ON)
			continue;
		next = behind_padding(s, end);
		if (next < s->n && next - begin >= MIN_FUNCTION &&
		    (how == ENDS || next > end || (s->address + end) % ALIGN == 0)) {
			boundaries_add(b, s->address + next);
			begin = next;
			furthest = 0;
			by_table = false;
		}
	}
}

void boundaries_find(struct boundaries *b, struct insn_reader *reader, const uint8_t *code,
		     size_t n, uint64_t address)
{
	const struct sweep s = {reader, code, n, address};

	boundaries_add(b, address);
	if (reader) {
		size_t first = behind_padding(&s, 0);

		if (first < n)
			boundaries_add(b, address + first);
		add_called(b, &s);
		sort(b);
		add_behind_ends(b, &s);
	}
	sort(b);
}

static size_t boundaries_up_to(const struct boundaries *b, uint64_t address)
{
	return count_before(b->n, i, b->starts[i] <= address);
}

uint64_t boundaries_before(const struct boundaries *b, uint64_t address)
{
	size_t n = boundaries_up_to(b, address);

	return n ? b->starts[n - 1] : 0;
}

uint64_t boundaries_behind(const struct boundaries *b, uint64_t address)
{
	size_t n = boundaries_up_to(b, address);

	return n < b->n ? b->starts[n] : UINT64_MAX;
}
