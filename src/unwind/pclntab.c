/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compiles Go's table of stack deltas into unwind rules. */
#include "unwind/pclntab.h"

#include "base/mem.h"
#include "base/str.h"
#include "elf/gopclntab.h"

#include <string.h>

enum {
	MAX_STEPS = 1 << 16, /* of one function */
	FUNC_TOP_FRAME = 1,
	FUNC_SP_WRITE = 2,
};

static bool name_is(const struct gopclntab *t, uint64_t name, const char *want)
{
	size_t len = strlen(want) + 1;

	return name <= t->n && len <= t->n - name && memcmp(t->bytes + name, want, len) == 0;
}

/* Functions that have no caller, and those that go to another stack. Before Go 1.17 no flag says
 * so, but the names were these. */
static unsigned flags_by_name(const struct gopclntab *t, uint64_t name)
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

struct pcln_function {
	uint64_t lo, hi, pcsp;
	unsigned flags;
	bool is_sigreturn;
};

static void pclntab_read_function(const struct gopclntab *t, uint64_t i, struct pcln_function *ret)
{
	uint64_t at = gopclntab_function(t, i), name;

	*ret = (struct pcln_function){.lo = gopclntab_entry(t, i), .hi = gopclntab_entry(t, i + 1)};
	name = t->names + gopclntab_get(t, at, 4);
	ret->pcsp = gopclntab_get(t, at + 12, 4);
	ret->flags = flags_by_name(t, name);
	ret->is_sigreturn = name_is(t, name, "runtime.sigreturn") ||
			    name_is(t, name, "runtime.sigreturn__sigaction");
	/* funcID and flags; the line where the function starts came before them in 1.20. */
	if (t->has_offsets)
		ret->flags |= (unsigned)gopclntab_get(t, at + (t->has_start_line ? 37 : 33), 1) &
			      (FUNC_TOP_FRAME | FUNC_SP_WRITE);
}

static void pclntab_add_rows(const struct gopclntab *t, const struct pcln_function *f,
			     struct rows *rows)
{
	uint64_t at = t->pctab + f->pcsp, pc = f->lo;
	int64_t depth = -1;
	uint32_t value, step;

	for (int i = 0; i < MAX_STEPS && pc < f->hi; i++) {
		if (!rows_may_go_on(rows) || !gopclntab_varint(t, &at, &value) || (!value && i))
			return;
		depth += (int32_t)(value >> 1) ^ -(int32_t)(value & 1);
		if (depth < INT32_MIN || depth > INT32_MAX)
			return;
		if (!gopclntab_varint(t, &at, &step))
			return;
		if (depth < 0 || depth & 7 || depth > 1 << 28)
			rows_add(rows, pc, RULE(CFA_UNSUPPORTED, 0, 0, 0, 0));
		else
			rows_add(rows, pc,
				 RULE(CFA_SP, (uint32_t)depth + 8, depth ? FP_GO : FP_SAME, 0, 0));
		pc += (uint64_t)step * t->quantum;
	}
}

static void pclntab_compile_function(const struct gopclntab *t, uint64_t i, struct rows *rows)
{
	struct pcln_function f;

	pclntab_read_function(t, i, &f);
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
		pclntab_add_rows(t, &f, rows);
}

void pclntab_compile(const struct gopclntab *t, struct rows *rows)
{
	for (uint64_t i = 0; i < t->n_functions; i++)
		pclntab_compile_function(t, i, rows);
}
