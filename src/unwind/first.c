/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions that start a thread, in code without unwind information. */
#include "unwind/first.h"

#include "base/mem.h"
#include "base/str.h"

enum { MAX_FIRST_TRIES = 64, MAX_FIRST_BYTES = 512, HLT = 0xf4 };

/* Names that others may give to functions of their own, which their code tells apart. */
static const char *const of_libraries[] = {
	"_start", "clone", "__clone", "clone3", "__clone3", "__start_context", "make_fcontext",
};

/* Names of Go's, which no other language has. */
static const char *const of_go[] = {
	"runtime.goexit",      "runtime.goexit.abi0", "runtime.mstart",
	"runtime.mstart.abi0", "runtime.rt0_go",      "runtime.rt0_go.abi0",
	"_rt0_amd64_linux",    "runtime.clone",       "runtime.clone.abi0",
};

static bool is_among(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_equal(name, names[i]))
			return true;
	return false;
}

/* Does the code do what compilers make of no program's function: call the kernel, or halt where
 * nothing is to be returned to? */
static bool is_runtimes_code(struct first_search *s, const struct elf_file *elf, uint64_t address,
			     uint64_t size)
{
	uint64_t end = address + MIN(size, (uint64_t)MAX_FIRST_BYTES);
	bool found = false;
	struct insn in;
	size_t n;

	if (s->tries == MAX_FIRST_TRIES)
		return false;
	s->tries++;
	s->reader = s->reader ? s->reader : insn_reader_new();
	while (s->reader && !found && address < end) {
		const uint8_t *code = code_window_at(&s->window, elf, address, &n);

		if (!insn_read(s->reader, code, n, address, &in))
			break;
		found = in.flow == FLOW_SYSCALL || *code == HLT;
		address += in.length;
	}
	return found;
}

void first_search_release(struct first_search *s)
{
	insn_reader_free(s->reader);
	*s = (struct first_search){0};
}

/* An Erlang process returns to normal_exit/0. */
bool is_first_generated(const char *name)
{
	return str_starts(name, "erts_beamasm:normal_exit/0");
}

bool is_first_function(struct first_search *s, const struct elf_file *elf,
		       const struct elf_symbol *symbol)
{
	const char *name = symbol->name;

	if (*name != '_' && *name != 'c' && *name != 'r' && *name != 'm')
		return false;
	return is_among(name, of_go, ARRAY_SIZE(of_go)) ||
	       (is_among(name, of_libraries, ARRAY_SIZE(of_libraries)) &&
		is_runtimes_code(s, elf, symbol->address,
				 symbol->size ? symbol->size : symbol->reach));
}
