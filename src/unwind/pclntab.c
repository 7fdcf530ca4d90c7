/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compiles Go's table of stack deltas into unwind rules. */
#include "unwind/pclntab.h"

#include "base/mem.h"
#include "base/str.h"

#include <string.h>

enum {
	MAGIC_1_2 = 0xfffffffb,
	MAGIC_1_16 = 0xfffffffa,
	MAGIC_1_18 = 0xfffffff0,
	MAGIC_1_20 = 0xfffffff1,
	MAX_STEPS = 1 << 16, /* of one function */
	FUNC_TOP_FRAME = 1,
	FUNC_SP_WRITE = 2,
};

struct pclntab {
	const uint8_t *bytes;
	size_t n;
	uint32_t magic;
	uint8_t quantum, pointer;
	uint64_t n_functions, text;
	uint64_t names, pctab, functab, funcs; /* offsets */
};

static uint64_t get(const struct pclntab *t, uint64_t offset, size_t bytes)
{
	uint64_t value = 0;

	if (offset <= t->n && bytes <= t->n - offset)
		memcpy(&value, t->bytes + offset, bytes);
	return value;
}

static bool has_offsets(const struct pclntab *t)
{
	return t->magic == MAGIC_1_18 || t->magic == MAGIC_1_20;
}

static bool read_head(struct pclntab *t, uint64_t text)
{
	uint64_t at = 8;

	t->magic = (uint32_t)get(t, 0, 4);
	t->quantum = (uint8_t)get(t, 6, 1);
	t->pointer = (uint8_t)get(t, 7, 1);
	if (get(t, 4, 2) || t->pointer != 8 || !t->quantum)
		return false;
	t->n_functions = get(t, at, 8);
	switch (t->magic) {
	case MAGIC_1_2:
		t->functab = 16;
		break;
	case MAGIC_1_16:
		t->names = get(t, at + 16, 8);
		t->pctab = get(t, at + 40, 8);
		t->functab = t->funcs = get(t, at + 48, 8);
		break;
	case MAGIC_1_18:
	case MAGIC_1_20:
		t->text = get(t, at + 16, 8);
		t->text = t->text ? t->text : text;
		t->names = get(t, at + 24, 8);
		t->pctab = get(t, at + 48, 8);
		t->functab = t->funcs = get(t, at + 56, 8);
		break;
	default:
		return false;
	}
	return t->functab < t->n &&
	       t->n_functions < (t->n - t->functab) / (has_offsets(t) ? 8 : 16);
}

/* Entry of function `i`; that of the one behind the last is the end of the text. */
static uint64_t entry_of(const struct pclntab *t, uint64_t i)
{
	if (has_offsets(t))
		return t->text + get(t, t->functab + 8 * i, 4);
	return get(t, t->functab + 16 * i, 8);
}

static uint64_t func_of(const struct pclntab *t, uint64_t i)
{
	if (has_offsets(t))
		return t->funcs + get(t, t->functab + 8 * i + 4, 4);
	return t->funcs + get(t, t->functab + 16 * i + 8, 8);
}

static bool name_is(const struct pclntab *t, uint64_t name, const char *want)
{
	size_t len = strlen(want) + 1;

	return name <= t->n && len <= t->n - name && memcmp(t->bytes + name, want, len) == 0;
}

/* Functions that have no caller, and those that go to another stack. Before Go 1.17 no flag says
 * so, but the names were these. */
static unsigned flags_by_name(const struct pclntab *t, uint64_t name)
{
	static const struct {
		const char *name;
		unsigned flags;
	} known[] = {
		{"runtime.goexit", FUNC_TOP_FRAME},     {"runtime.mstart", FUNC_TOP_FRAME},
		{"runtime.rt0_go", FUNC_TOP_FRAME},     {"_rt0_amd64_linux", FUNC_TOP_FRAME},
		{"_rt0_amd64", FUNC_TOP_FRAME},         {"runtime.clone", FUNC_TOP_FRAME},
		{"runtime.systemstack", FUNC_SP_WRITE}, {"runtime.mcall", FUNC_SP_WRITE},
		{"runtime.morestack", FUNC_SP_WRITE},   {"runtime.asmcgocall", FUNC_SP_WRITE},
		{"runtime.gogo", FUNC_SP_WRITE},        {"runtime.asmcgocall.abi0", FUNC_SP_WRITE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (name_is(t, name, known[i].name))
			return known[i].flags;
	return 0;
}

struct function {
	uint64_t lo, hi, pcsp;
	unsigned flags;
	bool is_sigreturn;
};

static void read_function(const struct pclntab *t, uint64_t i, struct function *ret)
{
	uint64_t at = func_of(t, i) + (has_offsets(t) ? 4 : 8), name;

	*ret = (struct function){.lo = entry_of(t, i), .hi = entry_of(t, i + 1)};
	name = t->names + get(t, at, 4);
	ret->pcsp = get(t, at + 12, 4);
	ret->flags = flags_by_name(t, name);
	ret->is_sigreturn = name_is(t, name, "runtime.sigreturn") ||
			    name_is(t, name, "runtime.sigreturn__sigaction");
	/* funcID and flags; the line where the function starts came before them in 1.20. */
	if (has_offsets(t))
		ret->flags |= (unsigned)get(t, at + (t->magic == MAGIC_1_20 ? 37 : 33), 1) &
			      (FUNC_TOP_FRAME | FUNC_SP_WRITE);
}

static bool read_varint(const struct pclntab *t, uint64_t *at, uint32_t *ret)
{
	*ret = 0;
	for (unsigned shift = 0; shift < 35; shift += 7) {
		uint8_t byte;

		if (*at >= t->n)
			return false;
		byte = t->bytes[(*at)++];
		*ret |= (uint32_t)(byte & 0x7f) << (shift & 31);
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

static void add_rows(const struct pclntab *t, const struct function *f, struct rows *rows)
{
	uint64_t at = t->pctab + f->pcsp, pc = f->lo;
	int64_t depth = -1;
	uint32_t value, step;

	for (int i = 0; i < MAX_STEPS && pc < f->hi; i++) {
		if (!rows_may_go_on(rows) || !read_varint(t, &at, &value) || (!value && i))
			return;
		depth += (int32_t)(value >> 1) ^ -(int32_t)(value & 1);
		if (depth < INT32_MIN || depth > INT32_MAX)
			return;
		if (!read_varint(t, &at, &step))
			return;
		if (depth < 0 || depth & 7 || depth > 1 << 28)
			rows_add(rows, pc, RULE(CFA_UNSUPPORTED, 0, 0, 0, 0));
		else
			rows_add(rows, pc,
				 RULE(CFA_SP, (uint32_t)depth + 8, depth ? FP_GO : FP_SAME, 0, 0));
		pc += (uint64_t)step * t->quantum;
	}
}

static void compile_function(const struct pclntab *t, uint64_t i, struct rows *rows)
{
	struct function f;

	read_function(t, i, &f);
	rows_function(rows, f.lo, f.hi);
	if (rows->bad)
		return;
	if (f.flags & FUNC_TOP_FRAME)
		rows_add(rows, f.lo, RULE(CFA_END, 0, 0, 0, 0));
	else if (f.flags & FUNC_SP_WRITE)
		rows_add(rows, f.lo, RULE(CFA_SWITCH, 0, 0, 0, 0));
	else if (f.is_sigreturn)
		rows_add(rows, f.lo, RULE(CFA_SIGNAL, 0, 0, 0, 0));
	else if (f.pcsp)
		add_rows(t, &f, rows);
}

bool pclntab_compile(const uint8_t *bytes, size_t n, uint64_t text, struct rows *rows)
{
	struct pclntab t = {.bytes = bytes, .n = n};

	if (n < 72 || !read_head(&t, text))
		return false;
	for (uint64_t i = 0; i < t.n_functions; i++)
		compile_function(&t, i, rows);
	return true;
}
