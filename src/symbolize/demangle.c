/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Readable names of C++, Rust and D symbols (libiberty). */
#include "symbolize/demangle.h"

#include "base/mem.h"
#include "base/str.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <string.h>

enum { MAX_MANGLED = 8192, MAX_MANGLED_D = 1024, MAX_DEMANGLED = 8192, MAX_PIECES = 200000 };

struct sink {
	struct str text;
	size_t pieces;
	jmp_buf enough;
};

static void take(const char *data, size_t len, void *opaque)
{
	struct sink *sink = opaque;

	if (sink->text.len + len > MAX_DEMANGLED || ++sink->pieces > MAX_PIECES)
		longjmp(sink->enough, 1); /* libiberty keeps its state on its stack */
	str_add(&sink->text, data, len);
}

typedef int demangler(const char *, int, demangle_callbackref, void *);

static char *demangle_with(demangler *f, const char *name, int options)
{
	struct sink *sink = mem_alloc(sizeof(*sink));
	char *volatile result = NULL;

	if (setjmp(sink->enough) == 0 && f(name, options, take, sink) && sink->text.len)
		result = steal(sink->text.text);
	free(sink->text.text);
	free(sink);
	return result;
}

static char *demangle_plain(const char *name, bool full)
{
	int options = full ? DMGL_PARAMS | DMGL_ANSI : DMGL_NO_OPTS;
	size_t len = strlen(name);
	char *result = NULL;

	if (len > MAX_MANGLED)
		return NULL;
	if (str_starts(name, "_R") || str_starts(name, "_ZN"))
		result = demangle_with(rust_demangle_callback, name, options);
	if (!result && str_starts(name, "_Z"))
		result = demangle_with(cplus_demangle_v3_callback, name, options);
	if (!result && str_starts(name, "_D") && len <= MAX_MANGLED_D)
		result = dlang_demangle(name, options);
	return result;
}

char *demangle(const char *name, bool full)
{
	size_t len = strlen(name);
	auto_free char *base = NULL, *readable = NULL;

	if (!str_ends(name, "@plt"))
		return demangle_plain(name, full);
	base = strndup(name, len - 4);
	readable = demangle_plain(base, full);
	return readable ? mem_printf("%s@plt", readable) : NULL;
}
