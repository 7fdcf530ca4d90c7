/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions that start a thread, in code without unwind information. */
#include "unwind/first.h"

#include "base/mem.h"
#include "base/str.h"

static const char *const first_functions[] = {
	"_start",
	"clone",
	"__clone",
	"clone3",
	"__clone3",
	"__start_context",
	"make_fcontext",
	"runtime.goexit",
	"runtime.goexit.abi0",
	"runtime.mstart",
	"runtime.mstart.abi0",
	"runtime.rt0_go",
	"runtime.rt0_go.abi0",
	"_rt0_amd64_linux",
	"runtime.clone",
	"runtime.clone.abi0",
};

/* An Erlang process returns to normal_exit/0. */
bool is_first_generated(const char *name)
{
	return str_starts(name, "erts_beamasm:normal_exit/0");
}

bool is_first_function(const char *name)
{
	if (*name != '_' && *name != 'c' && *name != 'r' && *name != 'm')
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(first_functions); i++)
		if (str_equal(name, first_functions[i]))
			return true;
	return false;
}
