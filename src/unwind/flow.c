/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Follows the stack through a piece of code. */
#include "unwind/flow.h"

#include "abi/unwind_rule.h"
#include "base/mem.h"
#include "unwind/code_piece.h"
#include "unwind/stack_state.h"

enum {
	WORD = 8,
	OPEN = 1 << 24,      /* where the stack stands while that is open: somewhere about here */
	MAX_TRIAL = 1 << 15, /* instructions of one function */
	WORK_PER_BYTE = 16,
	MAX_ROUNDS = 3,
	MAX_PASSES = 2, /* of a round */
};

struct node {
	struct stack_state before;
	uint32_t offset;
	bool behind_call; /* a call that lies before it led here */
	bool supposed;    /* what led here was not seen to be led to, but by how it goes on */
};

/* What a trial has found out about the state that it began in. */
struct answer {
	bool wrong, has_sp, has_fp;
	bool saves;       /* it saves a register of its caller's, or makes room */
	bool saves_first; /* and that before it goes anywhere */
	bool needs_frame; /* it takes the frame pointer for that of its own frame */
	int32_t sp;
	struct stack_state fp; /* whose `fp` and `saved` count */
	int32_t popped;        /* where the frame pointer was popped from, 0: nowhere */
};

struct flow {
	struct code_piece piece;
	uint32_t n;        /* bytes */
	uint32_t *node_at; /* by offset: number + 1 */
	struct node *nodes;
	size_t n_nodes, cap_nodes;
	bool *begins;
	bool *ends; /* the call before it never returns */
	bool found_end;
	uint32_t *beginnings; /* those that were found, to be followed */
	size_t n_beginnings, cap_beginnings;
	uint32_t *todo; /* nodes */
	size_t n_todo, cap_todo;
	struct node *behind_calls; /* to be followed when nothing else is */
	size_t n_behind_calls, cap_behind_calls;
	size_t first_of_trial; /* node; SIZE_MAX: this is none */
	bool trial_of_calls;   /* it goes on behind calls */
	bool goes_straight;    /* so far */
	bool supposed;         /* as of nodes: what is followed */
	struct answer answer;
	struct stack_state table_jump; /* the last one before what is looked at */
	uint64_t work, max_work;
};

struct flow *flow_new(struct insn_reader *reader, const uint8_t *code, uint32_t n, uint64_t address)
{
	struct flow *f = mem_alloc(sizeof(*f));

	f->piece = code_piece_new(reader, code, n, address);
	f->node_at = mem_array(n, sizeof(*f->node_at));
	f->begins = mem_array(n, sizeof(*f->begins));
	f->ends = mem_array(n, sizeof(*f->ends));
	f->first_of_trial = SIZE_MAX;
	f->max_work = (uint64_t)n * WORK_PER_BYTE;
	return f;
}

void flow_free(struct flow *f)
{
	if (!f)
		return;
	code_piece_release(&f->piece);
	free(f->node_at);
	free(f->nodes);
	free(f->begins);
	free(f->ends);
	free(f->beginnings);
	free(f->todo);
	free(f->behind_calls);
	free(f);
}

void flow_begins(struct flow *f, uint32_t offset)
{
	if (offset >= f->piece.n || f->begins[offset])
		return;
	f->begins[offset] = true;
	array_reserve(f->beginnings, f->cap_beginnings, f->n_beginnings + 1);
	f->beginnings[f->n_beginnings++] = offset;
}

/* -- what a trial learns -- */

static bool is_open(int32_t sp)
{
	return sp > OPEN / 2;
}

static void learn_sp(struct flow *f, const struct stack_state *s, int32_t is)
{
	struct answer *a = &f->answer;
	int32_t sp = is - (s->sp - OPEN);

	if (s->sp_where != WHERE_CFA)
		return;
	if (!is_open(s->sp)) {
		a->wrong |= s->sp != is;
		return;
	}
	if (sp < WORD || sp % WORD || (a->has_sp && a->sp != sp))
		a->wrong = true;
	a->has_sp = true;
	a->sp = sp;
}

static void learn_fp(struct flow *f, const struct stack_state *s, const struct stack_state *is)
{
	struct answer *a = &f->answer;

	if (s->fp_where != WHERE_CALLERS || s->saved || a->has_fp)
		return;
	a->has_fp = true;
	a->fp = *is;
}

static void learn_return(struct flow *f, const struct stack_state *s)
{
	const struct stack_state callers = stack_state_begin(WORD);

	learn_sp(f, s, WORD);
	learn_fp(f, s, &callers);
}

static bool is_callers(unsigned reg)
{
	return reg < NO_REGISTER && reg != REG_SP && !(CALLERS_SAVE >> reg & 1);
}

static bool pushes_callers(const struct insn *in)
{
	return in && in->effect == EFFECT_PUSH && is_callers(in->from);
}

static void learn_of_frame(struct flow *f, const struct stack_state *s, const struct insn *in)
{
	struct answer *a = &f->answer;
	bool saves = false;

	if (in->effect == EFFECT_POP && in->to == REG_FP && !s->saved && s->sp_where == WHERE_CFA &&
	    is_open(s->sp))
		a->popped = s->sp;
	if (s->sp == OPEN)
		saves = pushes_callers(in) || (in->effect == EFFECT_SET && in->to == REG_SP &&
					       in->from == REG_SP && in->value < 0);
	a->saves |= saves;
	a->saves_first |= saves && f->goes_straight;
	f->goes_straight &= in->flow == FLOW_NEXT;
	if (s->fp_where == WHERE_CALLERS && !s->saved &&
	    (in->effect == EFFECT_LEAVE ||
	     (in->effect == EFFECT_SET && in->to == REG_SP && in->from == REG_FP)))
		a->needs_frame = true;
}

/* -- following -- */

static bool is_at_begin(const struct stack_state *s)
{
	return s->sp_where == WHERE_CFA && s->sp == WORD;
}

enum way { BY_JUMP, FALLING, BEHIND_CALL };

/* A call whose return address is come to by another way too, with the stack elsewhere, never
 * returns. */
static void learn_end(struct flow *f, const struct node *known, const struct stack_state *s,
		      enum way way)
{
	if (f->first_of_trial != SIZE_MAX || known->behind_call == (way == BEHIND_CALL) ||
	    known->before.sp_where != WHERE_CFA || s->sp_where != WHERE_CFA ||
	    known->before.sp == s->sp)
		return;
	f->ends[known->offset] = f->found_end = true;
}

static void go_to(struct flow *f, uint32_t offset, const struct stack_state *s, enum way way)
{
	struct stack_state both;
	struct node *known;
	uint32_t number;
	bool trial = f->first_of_trial != SIZE_MAX;

	if (offset >= f->piece.n)
		return;
	number = f->node_at[offset];
	if (f->begins[offset]) {
		if (trial && way == BY_JUMP)
			learn_return(f, s);
		return;
	}
	if (!number) {
		array_reserve(f->nodes, f->cap_nodes, f->n_nodes + 1);
		f->nodes[f->n_nodes] = (struct node){*s, offset, way == BEHIND_CALL, f->supposed};
		f->node_at[offset] = number = (uint32_t)++f->n_nodes;
	} else if (trial && number <= f->first_of_trial) {
		known = &f->nodes[number - 1];
		/* (Where a function begins nobody comes back from a call.) */
		if ((way == BEHIND_CALL && is_at_begin(&known->before)) ||
		    (known->supposed && !f->supposed))
			return;
		if (known->before.sp_where == WHERE_CFA)
			learn_sp(f, s, known->before.sp);
		learn_fp(f, s, &known->before);
		return;
	} else {
		known = &f->nodes[number - 1];
		if (f->supposed && !known->supposed)
			return;
		both = *s;
		if (f->supposed == known->supposed) {
			if (!f->supposed)
				learn_end(f, known, s, way);
			both = stack_state_meet(&known->before, s);
			if (stack_state_equal(&both, &known->before))
				return;
		} else {
			known->behind_call = way == BEHIND_CALL;
		}
		known->before = both;
		known->supposed = f->supposed;
	}
	array_reserve(f->todo, f->cap_todo, f->n_todo + 1);
	f->todo[f->n_todo++] = number - 1;
}

/* Calls come back, unless they do not: that is looked at later, and in a trial only if need be. */
static void go_behind_call(struct flow *f, uint32_t offset, const struct stack_state *s)
{
	if (offset >= f->piece.n || f->ends[offset])
		return;
	if (f->first_of_trial == SIZE_MAX) {
		array_reserve(f->behind_calls, f->cap_behind_calls, f->n_behind_calls + 1);
		f->behind_calls[f->n_behind_calls++] = (struct node){*s, offset, true, f->supposed};
	} else if (f->trial_of_calls && !code_piece_may_end(&f->piece, offset)) {
		go_to(f, offset, s, BEHIND_CALL);
	}
}

static void note_called(struct flow *f, uint32_t offset)
{
	if (offset >= f->piece.n)
		return;
	if (!f->node_at[offset])
		flow_begins(f, offset);
	else if (is_at_begin(&f->nodes[f->node_at[offset] - 1].before))
		f->begins[offset] = true;
}

static void follow_node(struct flow *f, uint32_t number)
{
	uint32_t offset = f->nodes[number].offset, next;
	struct stack_state s = f->nodes[number].before;
	const struct insn *found = code_piece_insn(&f->piece, offset);
	struct insn in;
	bool trial = f->first_of_trial != SIZE_MAX;

	if (!found) {
		f->answer.wrong = true;
		return;
	}
	f->supposed = f->nodes[number].supposed;
	in = *found;
	next = offset + in.length;
	if (trial)
		learn_of_frame(f, &s, &in);
	stack_state_step(&s, &in);
	switch (in.flow) {
	case FLOW_CALL:
		if (!trial)
			note_called(f, code_piece_offset(&f->piece, in.target));
		go_behind_call(f, next, &s);
		return;
	case FLOW_INDIRECT_CALL:
		go_behind_call(f, next, &s);
		return;
	case FLOW_BRANCH:
		go_to(f, code_piece_offset(&f->piece, in.target), &s, BY_JUMP);
		go_to(f, next, &s, FALLING);
		return;
	case FLOW_JUMP:
		go_to(f, code_piece_offset(&f->piece, in.target), &s, BY_JUMP);
		return;
	case FLOW_RETURN:
		if (trial)
			learn_return(f, &s);
		return;
	case FLOW_INDIRECT_JUMP:
	case FLOW_STOP:
		return;
	default:
		go_to(f, next, &s, FALLING);
	}
}

/* From one instruction to all that it leads to, but for what lies behind calls. */
static void follow_path(struct flow *f, uint32_t offset, const struct stack_state *s, enum way way)
{
	bool begins = offset < f->piece.n && f->begins[offset];

	if (begins)
		f->begins[offset] = false;
	go_to(f, offset, s, way);
	if (begins)
		f->begins[offset] = true;
	while (f->n_todo) {
		if (f->work++ > f->max_work ||
		    (f->first_of_trial != SIZE_MAX && f->n_nodes - f->first_of_trial > MAX_TRIAL)) {
			f->answer.wrong = true;
			f->n_todo = 0;
			return;
		}
		follow_node(f, f->todo[--f->n_todo]);
	}
}

/* Follows without leaving a trace; what was learned is in f->answer. */
static void try_path(struct flow *f, uint32_t offset, const struct stack_state *s, bool calls)
{
	f->answer = (struct answer){0};
	f->goes_straight = true;
	f->first_of_trial = f->n_nodes;
	f->trial_of_calls = calls;
	follow_path(f, offset, s, FALLING);
	for (size_t i = f->first_of_trial; i < f->n_nodes; i++)
		f->node_at[f->nodes[i].offset] = 0;
	f->n_nodes = f->first_of_trial;
	f->first_of_trial = SIZE_MAX;
}

/* Does what was tried look like a function, though it is not seen to return? */
static bool may_begin(struct flow *f, uint32_t offset)
{
	return (f->answer.saves && code_piece_is_aligned(&f->piece, offset)) ||
	       code_piece_is_prologue(&f->piece, offset);
}

/* Does what lies behind a call contradict that it comes back? */
static bool never_returns(struct flow *f, uint32_t offset, const struct stack_state *s)
{
	struct stack_state open = *s;

	if (code_piece_may_end(&f->piece, offset))
		offset = code_piece_padding_end(&f->piece, offset);
	if (offset >= f->piece.n || f->begins[offset])
		return true;
	if (s->sp_where != WHERE_CFA)
		return false;
	open.sp = OPEN;
	try_path(f, offset, &open, false);
	if (!f->answer.has_sp)
		return may_begin(f, offset);
	return !f->answer.wrong && f->answer.sp != s->sp;
}

static void follow_from(struct flow *f, uint32_t offset, const struct stack_state *s, bool supposed)
{
	f->supposed = supposed;
	follow_path(f, offset, s, FALLING);
	while (f->n_behind_calls) {
		struct node next = f->behind_calls[--f->n_behind_calls];

		if (never_returns(f, next.offset, &next.before))
			continue;
		f->supposed = next.supposed;
		follow_path(f, next.offset, &next.before, BEHIND_CALL);
	}
}

/* Of code of which nothing is known: behind the instruction at `offset`, or f->piece.n where it
 * goes elsewhere. */
static uint32_t next_unknown(struct flow *f, uint32_t offset)
{
	const struct insn *in = code_piece_insn(&f->piece, offset);
	uint32_t next = in ? offset + in->length : f->piece.n;
	bool is_call = in && (in->flow == FLOW_CALL || in->flow == FLOW_INDIRECT_CALL);

	if (next >= f->piece.n || f->node_at[next] || f->begins[next] || !insn_goes_on(in) ||
	    (is_call && code_piece_is_prologue(&f->piece, next)))
		return f->piece.n;
	return next;
}

static void give_up(struct flow *f, uint32_t offset)
{
	const struct stack_state nothing = {.copy_register = NO_REGISTER};

	for (; offset < f->piece.n; offset = next_unknown(f, offset)) {
		array_reserve(f->nodes, f->cap_nodes, f->n_nodes + 1);
		f->nodes[f->n_nodes] = (struct node){nothing, offset, false, true};
		f->node_at[offset] = (uint32_t)++f->n_nodes;
	}
}

static void follow_beginnings(struct flow *f)
{
	const struct stack_state begin = stack_state_begin(WORD);

	while (f->n_beginnings) {
		uint32_t offset = f->beginnings[--f->n_beginnings];

		if (f->node_at[offset])
			continue;
		f->supposed = false;
		try_path(f, offset, &begin, false);
		if (f->answer.wrong)
			give_up(f, offset);
		else
			follow_from(f, offset, &begin, false);
	}
}

/* Assembly's way to make functions of many sizes of one: a call of what they share, right behind
 * the jump that ends the function before, and in front of what both have in common. */
static bool begins_with_call(struct flow *f, uint32_t offset)
{
	const struct insn *in = code_piece_insn(&f->piece, offset);
	uint32_t behind = in ? offset + in->length : f->piece.n;

	return in && in->flow == FLOW_CALL && code_piece_is_aligned(&f->piece, offset) &&
	       behind < f->piece.n && !f->begins[behind] && f->node_at[behind] &&
	       is_at_begin(&f->nodes[f->node_at[behind] - 1].before);
}

/* The state in which code is entered that nothing leads to that is known; false: it cannot be told.
 */
static bool find_entry(struct flow *f, uint32_t offset, struct stack_state *ret)
{
	struct stack_state open = stack_state_begin(OPEN);
	struct answer a;

	f->supposed = true;
	try_path(f, offset, &open, false);
	if (!f->answer.wrong && !f->answer.has_sp)
		try_path(f, offset, &open, true);
	if (f->answer.needs_frame) {
		open.fp_where = WHERE_CFA;
		open.fp = open.saved = 2 * WORD;
		try_path(f, offset, &open, true);
	}
	a = f->answer;
	if (a.wrong)
		return false;
	*ret = stack_state_begin(WORD);
	if (open.fp_where == WHERE_CFA) {
		*ret = open;
		ret->sp_where = a.has_sp ? WHERE_CFA : WHERE_UNKNOWN;
		ret->sp = a.has_sp ? a.sp : 0;
		return true;
	}
	if (!a.has_sp)
		return pushes_callers(code_piece_insn(&f->piece, offset)) || may_begin(f, offset) ||
		       begins_with_call(f, offset);
	ret->sp = a.sp;
	if (a.sp == WORD && f->table_jump.sp != WORD) {
		f->table_jump = (struct stack_state){0};
		return true;
	}
	ret->fp_where = WHERE_UNKNOWN;
	if (f->table_jump.sp_where == WHERE_CFA && f->table_jump.sp == a.sp) {
		*ret = f->table_jump;
	} else if (a.has_fp) {
		ret->fp_where = a.fp.fp_where;
		ret->fp = a.fp.fp;
		ret->saved = a.fp.saved;
	} else if (a.popped) {
		ret->saved = a.popped - OPEN + a.sp;
	}
	return true;
}

uint32_t flow_length(struct flow *f, uint32_t offset)
{
	const struct insn *in = f->node_at[offset] ? code_piece_insn(&f->piece, offset) : NULL;

	if (!f->node_at[offset])
		return 0;
	return in ? in->length : 1;
}

/* What follows a jump through a table, up to the next function, is mostly what it leads to. */
static void note_table_jump(struct flow *f, uint32_t offset)
{
	const struct insn *in = code_piece_insn(&f->piece, offset);

	if (f->begins[offset])
		f->table_jump = (struct stack_state){0};
	if (in && in->flow == FLOW_INDIRECT_JUMP)
		f->table_jump = f->nodes[f->node_at[offset] - 1].before;
}

/* Code that nothing was found to lead to, from one end to the other. With `all` nothing is left
 * over for when more beginnings are known; else, behind what is left, only what looks like a
 * function is followed. */
static void follow_rest(struct flow *f, bool all)
{
	uint32_t offset = 0, length, next;
	struct stack_state entry;
	bool left = false, found, begins;

	f->table_jump = (struct stack_state){0};
	while (offset < f->piece.n) {
		length = flow_length(f, offset);
		if (length) {
			note_table_jump(f, offset);
			offset += length;
			left = false;
			continue;
		}
		next = code_piece_padding_end(&f->piece, offset);
		if (next > offset) {
			offset = next;
			continue;
		}
		found = find_entry(f, offset, &entry);
		begins = found && f->answer.saves_first && is_at_begin(&entry);
		if (found && (begins || !left)) {
			f->begins[offset] = begins;
			follow_from(f, offset, &entry, !begins);
		} else if (all) {
			give_up(f, offset);
		} else {
			left = true;
			for (next = offset; next < f->piece.n; next = next_unknown(f, next))
				offset = next;
			offset += code_piece_insn(&f->piece, offset)
					  ? code_piece_insn(&f->piece, offset)->length
					  : 1;
		}
		follow_beginnings(f);
	}
}

/* Functions that are called, by reading from one end to the other: where that is out of step with
 * the code, or in data, hardly a call leads to what was read as an instruction. */
static void find_called(struct flow *f)
{
	auto_free uint32_t *called = NULL;
	size_t n = 0, cap = 0;
	const struct insn *in;
	uint32_t target;

	for (uint32_t offset = 0; offset < f->piece.n; offset += in ? in->length : 1) {
		in = code_piece_insn(&f->piece, offset);
		if (!in || in->flow != FLOW_CALL)
			continue;
		target = code_piece_offset(&f->piece, in->target);
		if (target == f->piece.n || target == offset + in->length)
			continue;
		array_reserve(called, cap, n + 1);
		called[n++] = target;
	}
	for (size_t i = 0; i < n; i++)
		if (code_piece_was_read(&f->piece, called[i]))
			flow_begins(f, called[i]);
}

/* Once more from the beginning, with what was learned of calls that never return. */
static void begin_anew(struct flow *f)
{
	for (size_t i = 0; i < f->n_nodes; i++)
		f->node_at[f->nodes[i].offset] = 0;
	f->n_nodes = 0;
	f->work = 0;
	f->found_end = false;
	for (uint32_t i = 0; i < f->piece.n; i++) {
		if (!f->begins[i])
			continue;
		f->begins[i] = false;
		flow_begins(f, i);
	}
}

void flow_follow(struct flow *f)
{
	find_called(f);
	for (int round = 0; round < MAX_ROUNDS; round++) {
		follow_beginnings(f);
		for (int pass = 0; pass < MAX_PASSES; pass++)
			follow_rest(f, pass + 1 == MAX_PASSES);
		if (!f->found_end)
			return;
		if (round + 1 < MAX_ROUNDS)
			begin_anew(f);
	}
}

/* -- what was found -- */

bool flow_hides_bottom(struct flow *f, uint32_t offset)
{
	const struct insn *in = code_piece_insn(&f->piece, offset);

	return in && in->length > 1 && (in->flow == FLOW_JUMP || in->flow == FLOW_INDIRECT_JUMP) &&
	       code_piece_leads_to_exit(&f->piece, offset + in->length);
}

uint64_t flow_rule(struct flow *f, uint32_t offset)
{
	uint32_t number = f->node_at[offset];
	const struct stack_state *before;
	const struct insn *in;

	if (!number)
		return 0;
	in = code_piece_insn(&f->piece, offset);
	before = &f->nodes[number - 1].before;
	/* A thread's first function has taken what it was given from where others have their return
	 * address; all others may have a caller, whatever comes afterwards. */
	if (before->sp_where == WHERE_CFA && before->sp < WORD && in &&
	    (in->flow == FLOW_CALL || in->flow == FLOW_INDIRECT_CALL) &&
	    code_piece_leads_to_exit(&f->piece, offset + in->length))
		return RULE(CFA_END, 0, 0, 0, 0);
	return stack_state_rule(before);
}
