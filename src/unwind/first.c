/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions that start a thread, in code without unwind information. */
#include "unwind/first.h"

#include "base/mem.h"
#include "base/str.h"
#include "elf/code_window.h"
#include "elf/insn.h"

enum { MAX_FIRST_BYTES = 512, HLT = 0xf4 };

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
static bool is_runtimes_code(const struct elf_file *elf, uint64_t address, uint64_t size)
{
	struct insn_reader *reader = insn_reader_new();
	auto_free struct code_window *window = mem_alloc(sizeof(*window));
	uint64_t end = address + MIN(size, (uint64_t)MAX_FIRST_BYTES);
	bool found = false;
	struct insn in;
	size_t n;

	while (reader && !found && address < end) {
		const uint8_t *code = code_window_at(window, elf, address, &n);

		if (!insn_read(reader, code, n, address, &in))
			break;
		found = in.flow == FLOW_SYSCALL || *code == HLT;
		address += in.length;
	}
	insn_reader_free(reader);
	return found;
}

/* An Erlang process returns to normal_exit/0. */
bool is_first_generated(const char *name)
{
	return str_starts(name, "erts_beamasm:normal_exit/0");
}

bool is_first_function(const struct elf_file *elf, const struct elf_symbol *symbol)
{
	const char *name = symbol->name;

	if (*name != '_' && *name != 'c' && *name != 'r' && *name != 'm')
		return false;
	return is_among(name, of_go, ARRAY_SIZE(of_go)) ||
	       (is_among(name, of_libraries, ARRAY_SIZE(of_libraries)) &&
		is_runtimes_code(elf, symbol->address,
				 symbol->size ? symbol->size : symbol->reach));
}
