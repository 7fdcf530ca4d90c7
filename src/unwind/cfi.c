/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compiles call frame information into unwind rules. */
#include "unwind/cfi.h"

#include <dwarf.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"

enum {
	MAX_REMEMBERED = 16,
	MAX_LETTERS = 32,
	UCONTEXT_RIP = 168,
	UCONTEXT_RSP = 160,
	UCONTEXT_RBP = 120
};

/* -- entries -- */

struct cie {
	uint64_t offset; /* in the section */
	struct cursor program;
	uint64_t code_align;
	int64_t data_align;
	uint8_t encoding; /* of addresses */
	bool has_length;  /* of augmentation data */
	bool is_signal;
	bool valid;
};

struct compiler {
	const struct cfi_section *section;
	struct rows *rows;
	struct cie cie; /* the last one met: nearly every function has the same as the one before */
};

static uint64_t read_encoded(struct compiler *c, struct cursor *r, uint8_t encoding)
{
	uint64_t at = c->section->address + (uint64_t)(r->at - c->section->bytes), value;

	switch (encoding & 0x0f) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		value = take_n(r, 8);
		break;
	case DW_EH_PE_udata4:
		value = take_n(r, 4);
		break;
	case DW_EH_PE_sdata4:
		value = (uint64_t)(int32_t)take_n(r, 4);
		break;
	case DW_EH_PE_udata2:
		value = take_n(r, 2);
		break;
	case DW_EH_PE_sdata2:
		value = (uint64_t)(int16_t)take_n(r, 2);
		break;
	case DW_EH_PE_uleb128:
		value = take_uleb(r);
		break;
	case DW_EH_PE_sleb128:
		value = (uint64_t)take_sleb(r);
		break;
	default:
		r->bad = true;
		return 0;
	}
	if ((encoding & 0x70) == DW_EH_PE_pcrel)
		value += at;
	else if (encoding & 0xf0) /* relative to something else, or indirect */
		r->bad = true;
	return value;
}

/* What the letters of the augmentation say. */
static void read_augmentation(struct compiler *c, struct cursor *r, const char *letters,
			      struct cie *cie)
{
	struct cursor data;

	if (*letters == 'z') {
		data = take_block(r, take_uleb(r));
		cie->has_length = true;
		letters++;
	} else {
		data = (struct cursor){r->at, r->at, false};
	}
	for (; *letters && !data.bad; letters++) {
		uint8_t encoding;

		switch (*letters) {
		case 'R':
			cie->encoding = (uint8_t)take_n(&data, 1);
			break;
		case 'P':
			encoding = (uint8_t)take_n(&data, 1);
			read_encoded(c, &data, encoding & 0x0f);
			break;
		case 'L':
			take_n(&data, 1);
			break;
		case 'S':
			cie->is_signal = true;
			break;
		case 'B':
			break;
		default: /* with 'z', what is unknown can be skipped */
			if (!cie->has_length)
				r->bad = true;
			return;
		}
	}
	r->bad |= data.bad;
}

static void read_cie(struct compiler *c, struct cursor r, uint64_t offset)
{
	struct cie *cie = &c->cie;
	const char *letters;
	uint8_t version;

	*cie = (struct cie){.offset = offset, .encoding = DW_EH_PE_absptr};
	version = (uint8_t)take_n(&r, 1);
	letters = (const char *)r.at;
	r.at = memchr(r.at, '\0', MIN((size_t)(r.end - r.at), (size_t)MAX_LETTERS));
	if (!r.at || (version != 1 && version != 3 && version != 4))
		return;
	r.at++;
	if (version == 4 && (take_n(&r, 1) != 8 || take_n(&r, 1) != 0))
		return; /* addresses of 4 bytes, or segments */
	cie->code_align = take_uleb(&r);
	cie->data_align = take_sleb(&r);
	if ((version == 1 ? take_n(&r, 1) : take_uleb(&r)) != REG_RA)
		return;
	read_augmentation(c, &r, letters, cie);
	cie->program = r;
	cie->valid = !r.bad;
}

/* An entry's body, and what its second word refers to. Returns false at the end of the section. */
static bool next_entry(struct compiler *c, struct cursor *section, struct cursor *ret_body,
		       uint64_t *ret_id, uint64_t *ret_id_offset)
{
	uint64_t length = take_n(section, 4);
	size_t id_bytes = 4;

	if (section->bad || (!length && !c->section->is_debug_frame))
		return false;
	if (length == UINT32_MAX) {
		length = take_n(section, 8);
		id_bytes = c->section->is_debug_frame ? 8 : 4;
	}
	*ret_body = take_block(section, length);
	if (section->bad)
		return false;
	*ret_id_offset = (uint64_t)(ret_body->at - c->section->bytes);
	*ret_id = take_n(ret_body, id_bytes);
	if (id_bytes == 4 && c->section->is_debug_frame && *ret_id == UINT32_MAX)
		*ret_id = UINT64_MAX;
	return true;
}

/* Makes the CIE at `offset` the current one. */
static bool use_cie(struct compiler *c, uint64_t offset)
{
	const struct cfi_section *s = c->section;
	struct cursor r = {s->bytes, s->bytes + s->n, false}, body;
	uint64_t id, id_offset;

	if (c->cie.offset == offset)
		return c->cie.valid;
	c->cie = (struct cie){.offset = offset};
	take_block(&r, offset);
	if (!next_entry(c, &r, &body, &id, &id_offset) ||
	    id != (s->is_debug_frame ? UINT64_MAX : 0))
		return false;
	read_cie(c, body, offset);
	return c->cie.valid;
}

/* -- the rules of one function -- */

enum saved_kind {
	SAVED_SAME,
	SAVED_AT_CFA,
	SAVED_UNDEFINED,
	SAVED_IN_REGISTER,
	SAVED_EXPRESSION,
	SAVED_OTHER
};

struct saved {
	uint8_t kind;
	int64_t offset; /* or the register */
	struct cursor expression;
};

struct state {
	uint64_t cfa_register;
	int64_t cfa_offset;
	struct cursor cfa_expression; /* `at` is NULL when there is none */
	struct saved fp, ra, sp;
};

static bool cfi_fits(int64_t value, int bits)
{
	return value >= -((int64_t)1 << (bits - 1)) && value < (int64_t)1 << (bits - 1);
}

/* Is the expression "register + offset" with nothing behind? Leaves what is behind. */
static bool read_base(struct cursor *e, unsigned reg, int64_t *ret_offset)
{
	if (take_n(e, 1) != DW_OP_breg0 + reg || e->bad)
		return false;
	*ret_offset = take_sleb(e);
	return !e->bad;
}

/* An addition at the end of an expression, or nothing. */
static bool read_addition(struct cursor *e, int64_t *ret_add)
{
	uint64_t op;

	*ret_add = 0;
	if (e->at == e->end)
		return true;
	op = take_n(e, 1);
	if (op == DW_OP_plus_uconst) {
		*ret_add = (int64_t)take_uleb(e);
		return !e->bad && e->at == e->end;
	}
	if (op < DW_OP_lit0 || op > DW_OP_lit31)
		return false;
	*ret_add = (int64_t)op - DW_OP_lit0;
	return take_n(e, 1) == DW_OP_plus && e->at == e->end;
}

/* CFA kinds that compilers and linkers write as expressions. */
static bool cfa_of_expression(struct cursor e, unsigned *ret_kind, int64_t *ret_offset)
{
	/* sp + 8 + ((ip & 15) >= N ? 8 : 0), N being 10 or 11: a procedure linkage table */
	static const uint8_t plt[] = {DW_OP_breg7, 8, DW_OP_breg16, 0,          DW_OP_lit15,
				      DW_OP_and,   0, DW_OP_ge,     DW_OP_lit3, DW_OP_shl,
				      DW_OP_plus};
	size_t n = (size_t)(e.end - e.at);
	int64_t offset, add;

	if (n == sizeof(plt) && memcmp(e.at, plt, 6) == 0 && memcmp(e.at + 7, plt + 7, 4) == 0 &&
	    e.at[6] > DW_OP_lit0 && e.at[6] < DW_OP_lit16) {
		*ret_kind = CFA_PLT;
		*ret_offset = e.at[6] - DW_OP_lit0;
		return true;
	}
	for (unsigned i = 0; i < 2; i++) {
		struct cursor r = e;

		if (!read_base(&r, i ? REG_FP : REG_SP, &offset))
			continue;
		if (r.at == r.end) {
			*ret_kind = i ? CFA_FP : CFA_SP;
			*ret_offset = offset;
			return cfi_fits(offset, 32);
		}
		if (take_n(&r, 1) != DW_OP_deref || !read_addition(&r, &add) ||
		    !cfi_fits(offset, 16) || !cfi_fits(add, 16))
			return false;
		*ret_kind = i ? CFA_DEREF_FP : CFA_DEREF_SP;
		*ret_offset = (int64_t)((uint64_t)(uint16_t)offset | (uint64_t)(uint16_t)add << 16);
		return true;
	}
	return false;
}

/* glibc's __restore_rt: the registers of the interrupted code lie in the ucontext above it. */
static bool is_signal_frame(const struct state *s)
{
	struct cursor cfa = s->cfa_expression, fp = s->fp.expression, ra = s->ra.expression;
	int64_t offset;

	return cfa.at && s->fp.kind == SAVED_EXPRESSION && s->ra.kind == SAVED_EXPRESSION &&
	       read_base(&cfa, REG_SP, &offset) && offset == UCONTEXT_RSP &&
	       take_n(&cfa, 1) == DW_OP_deref && cfa.at == cfa.end &&
	       read_base(&fp, REG_SP, &offset) && offset == UCONTEXT_RBP && fp.at == fp.end &&
	       read_base(&ra, REG_SP, &offset) && offset == UCONTEXT_RIP && ra.at == ra.end;
}

static uint64_t fp_rule(const struct state *s, int64_t *ret_offset)
{
	struct cursor e = s->fp.expression;

	*ret_offset = 0;
	switch (s->fp.kind) {
	case SAVED_SAME:
		return FP_SAME;
	case SAVED_AT_CFA:
		*ret_offset = s->fp.offset;
		return cfi_fits(*ret_offset, 16) && *ret_offset < 0 && *ret_offset % 8 == 0
			       ? FP_AT_CFA
			       : FP_UNKNOWN;
	case SAVED_EXPRESSION:
		if (read_base(&e, REG_FP, ret_offset) && e.at == e.end &&
		    cfi_fits(*ret_offset, 16) && *ret_offset % 8 == 0)
			return FP_AT_FP;
		/* fall through */
	default:
		*ret_offset = 0;
		return FP_UNKNOWN;
	}
}

static uint64_t rule_of_state(const struct state *s, bool is_signal)
{
	static const uint64_t unsupported = RULE(CFA_UNSUPPORTED, 0, 0, 0, 0);
	unsigned kind;
	int64_t offset = s->cfa_offset, fp_offset;
	uint64_t fp, ra = RA_AT_CFA;

	if (s->ra.kind == SAVED_UNDEFINED)
		return RULE(CFA_END, 0, 0, 0, 0);
	if (is_signal)
		return is_signal_frame(s) ? RULE(CFA_SIGNAL, 0, 0, 0, 0) : unsupported;
	if (s->sp.kind != SAVED_SAME)
		return unsupported;
	if (s->cfa_expression.at) {
		if (!cfa_of_expression(s->cfa_expression, &kind, &offset))
			return unsupported;
	} else if (s->cfa_register == REG_SP || s->cfa_register == REG_FP) {
		kind = s->cfa_register == REG_SP ? CFA_SP : CFA_FP;
		if (!cfi_fits(offset, 32))
			return unsupported;
	} else {
		kind = CFA_REG;
		if (s->cfa_register >= N_REGS || !cfi_fits(offset, 24))
			return unsupported;
		offset = (int64_t)((uint64_t)offset << 8 | s->cfa_register);
	}
	fp = fp_rule(s, &fp_offset);
	if (s->ra.kind == SAVED_IN_REGISTER && (uint64_t)s->ra.offset < REG_RA && fp == FP_SAME) {
		ra = RA_IN_REGISTER;
		fp_offset = s->ra.offset;
	} else if (s->ra.kind != SAVED_AT_CFA || s->ra.offset != -8) {
		return unsupported;
	}
	return RULE(kind, offset, fp, fp_offset, ra);
}

struct machine {
	const struct cie *cie;
	struct compiler *compiler;
	struct state now, initial;
	struct state remembered[MAX_REMEMBERED];
	size_t n_remembered;
	uint64_t address;
};

static struct saved *saved_of(struct machine *m, uint64_t reg, struct saved *ignored)
{
	switch (reg) {
	case REG_FP:
		return &m->now.fp;
	case REG_RA:
		return &m->now.ra;
	case REG_SP:
		return &m->now.sp;
	default:
		return ignored;
	}
}

static void set_saved(struct machine *m, uint64_t reg, uint8_t kind, int64_t offset)
{
	struct saved ignored;

	*saved_of(m, reg, &ignored) = (struct saved){.kind = kind, .offset = offset};
}

static void restore(struct machine *m, uint64_t reg)
{
	if (reg == REG_FP)
		m->now.fp = m->initial.fp;
	else if (reg == REG_RA)
		m->now.ra = m->initial.ra;
	else if (reg == REG_SP)
		m->now.sp = m->initial.sp;
}

static int64_t factored(const struct machine *m, int64_t value)
{
	return (int64_t)((uint64_t)value * (uint64_t)m->cie->data_align);
}

static void advance(struct machine *m, uint64_t by, bool emit)
{
	if (!emit)
		return;
	rows_add(m->compiler->rows, m->address, rule_of_state(&m->now, m->cie->is_signal));
	m->address += by * m->cie->code_align;
}

static void set_cfa(struct machine *m, uint64_t reg, int64_t offset)
{
	m->now.cfa_register = reg;
	m->now.cfa_offset = offset;
	m->now.cfa_expression.at = NULL;
}

/* Instructions that give a register a rule. */
static bool run_register(struct machine *m, struct cursor *r, uint8_t op)
{
	struct saved ignored, *saved;
	uint64_t reg = take_uleb(r);

	switch (op) {
	case DW_CFA_offset_extended:
		set_saved(m, reg, SAVED_AT_CFA, factored(m, (int64_t)take_uleb(r)));
		return true;
	case DW_CFA_offset_extended_sf:
		set_saved(m, reg, SAVED_AT_CFA, factored(m, take_sleb(r)));
		return true;
	case DW_CFA_GNU_negative_offset_extended:
		set_saved(m, reg, SAVED_AT_CFA, -factored(m, (int64_t)take_uleb(r)));
		return true;
	case DW_CFA_restore_extended:
		restore(m, reg);
		return true;
	case DW_CFA_undefined:
		set_saved(m, reg, SAVED_UNDEFINED, 0);
		return true;
	case DW_CFA_same_value:
		set_saved(m, reg, SAVED_SAME, 0);
		return true;
	case DW_CFA_register:
		set_saved(m, reg, SAVED_IN_REGISTER, (int64_t)take_uleb(r));
		return true;
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf:
		take_uleb(r);
		set_saved(m, reg, SAVED_OTHER, 0);
		return true;
	case DW_CFA_expression:
	case DW_CFA_val_expression:
		saved = saved_of(m, reg, &ignored);
		*saved = (struct saved){.kind = op == DW_CFA_expression ? SAVED_EXPRESSION
									: SAVED_OTHER};
		saved->expression = take_block(r, take_uleb(r));
		return true;
	default:
		return false;
	}
}

/* Instructions about the CFA and the machine itself. False: unknown. */
static bool run_other(struct machine *m, struct cursor *r, uint8_t op)
{
	uint64_t reg;

	switch (op) {
	case DW_CFA_nop:
		return true;
	case DW_CFA_remember_state:
		if (m->n_remembered == MAX_REMEMBERED)
			return false;
		m->remembered[m->n_remembered++] = m->now;
		return true;
	case DW_CFA_restore_state:
		if (!m->n_remembered)
			return false;
		m->now = m->remembered[--m->n_remembered];
		return true;
	case DW_CFA_def_cfa:
		reg = take_uleb(r);
		set_cfa(m, reg, (int64_t)take_uleb(r));
		return true;
	case DW_CFA_def_cfa_sf:
		reg = take_uleb(r);
		set_cfa(m, reg, factored(m, take_sleb(r)));
		return true;
	case DW_CFA_def_cfa_register:
		set_cfa(m, take_uleb(r), m->now.cfa_offset);
		return true;
	case DW_CFA_def_cfa_offset:
		m->now.cfa_offset = (int64_t)take_uleb(r);
		return true;
	case DW_CFA_def_cfa_offset_sf:
		m->now.cfa_offset = factored(m, take_sleb(r));
		return true;
	case DW_CFA_def_cfa_expression:
		m->now.cfa_expression = take_block(r, take_uleb(r));
		return true;
	case DW_CFA_GNU_args_size:
		take_uleb(r);
		return true;
	default:
		return false;
	}
}

/* Runs a program; `emit` makes rows. False when it holds what we do not know: what follows would be
 * a guess. */
static bool cfi_run(struct machine *m, struct cursor r, bool emit)
{
	while (r.at < r.end && !r.bad) {
		uint8_t op = *r.at++;

		if (!rows_may_go_on(m->compiler->rows))
			return false;

		if ((op & 0xc0) == DW_CFA_advance_loc)
			advance(m, op & 0x3f, emit);
		else if ((op & 0xc0) == DW_CFA_offset)
			set_saved(m, op & 0x3f, SAVED_AT_CFA, factored(m, (int64_t)take_uleb(&r)));
		else if ((op & 0xc0) == DW_CFA_restore)
			restore(m, op & 0x3f);
		else if (op == DW_CFA_advance_loc1)
			advance(m, take_n(&r, 1), emit);
		else if (op == DW_CFA_advance_loc2)
			advance(m, take_n(&r, 2), emit);
		else if (op == DW_CFA_advance_loc4)
			advance(m, take_n(&r, 4), emit);
		else if (op == DW_CFA_set_loc && emit) {
			uint64_t to = read_encoded(m->compiler, &r, m->cie->encoding);

			advance(m, 0, true);
			m->address = to;
		} else if (!run_other(m, &r, op)) {
			struct cursor again = r;

			if (!run_register(m, &again, op))
				return false;
			r = again;
		}
	}
	return !r.bad;
}

static void cfi_compile_function(struct compiler *c, struct cursor r)
{
	const struct cie *cie = &c->cie;
	struct machine m;
	uint64_t lo, hi;

	lo = read_encoded(c, &r, cie->encoding);
	hi = lo + read_encoded(c, &r, cie->encoding & 0x0f);
	if (cie->has_length)
		take_block(&r, take_uleb(&r));
	rows_function(c->rows, lo, hi);
	if (r.bad || !lo || c->rows->bad) /* 0: the linker has dropped the function */
		return;
	m.cie = cie;
	m.compiler = c;
	m.n_remembered = 0;
	m.address = lo;
	memset(&m.now, 0, sizeof(m.now));
	m.now.cfa_register = N_REGS;
	memset(&m.initial, 0, sizeof(m.initial));
	if (cfi_run(&m, cie->program, false)) {
		m.initial = m.now;
		if (cfi_run(&m, r, true)) {
			advance(&m, 0, true);
			return;
		}
	}
	rows_add(c->rows, m.address, RULE(CFA_UNSUPPORTED, 0, 0, 0, 0));
}

void cfi_compile(const struct cfi_section *s, struct rows *rows)
{
	struct compiler c = {.section = s, .rows = rows, .cie.offset = UINT64_MAX};
	struct cursor section = {s->bytes, s->bytes + s->n, false}, body;
	uint64_t id, id_offset;

	while (next_entry(&c, &section, &body, &id, &id_offset)) {
		if (id == (s->is_debug_frame ? UINT64_MAX : 0))
			continue;
		if (use_cie(&c, s->is_debug_frame ? id : id_offset - id))
			cfi_compile_function(&c, body);
	}
}
