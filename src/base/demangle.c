/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Readable names: of C++, Rust and D symbols by libiberty, of Go's generic functions. */
#include "base/demangle.h"

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

static void demangle_take(const char *data, size_t len, void *opaque)
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

	if (setjmp(sink->enough) == 0 && f(name, options, demangle_take, sink) && sink->text.len)
		result = steal(sink->text.text);
	free(sink->text.text);
	free(sink);
	return result;
}

/* As Go's own profiles show its generic functions: slices.Sort[...]. */
static char *without_types(const char *name)
{
	const char *from = strchr(name, '['), *to = strrchr(name, ']');

	return to > from ? mem_printf("%.*s[...]%s", (int)(from - name), name, to + 1) : NULL;
}

static char *demangle_plain(const char *name, bool full)
{
	int options = full ? DMGL_PARAMS | DMGL_ANSI : DMGL_NO_OPTS;
	size_t len = strlen(name);
	char *result = NULL;

	if (len > MAX_MANGLED)
		return NULL;
	if (strstr(name, "[go.shape."))
		return full ? NULL : without_types(name);
	if (str_starts(name, "_R") || str_starts(name, "_ZN"))
		result = demangle_with(rust_demangle_callback, name, options);
	if (!result && str_starts(name, "_Z"))
		result = demangle_with(cplus_demangle_v3_callback, name, options);
	if (!result && str_starts(name, "_D") && len <= MAX_MANGLED_D)
		result = dlang_demangle(name, options);
	return result;
}

/* The end of the template argument that begins at `at`: its ',' or '>', or the end of the text. */
static const char *argument_end(const char *at)
{
	int depth = 0;

	for (; *at; at++) {
		if (*at == '<' || *at == '(') {
			depth++;
		} else if (*at == '>' || *at == ')' || *at == ',') {
			if (!depth)
				break;
			depth -= *at != ',';
		}
	}
	return at;
}

/* Leaves out what is there by default and hides the rest: allocators and traits of standard
 * containers, tags of the ABI. */
static char *shorten(const char *name)
{
	static const struct {
		const char *what, *instead;
		bool is_argument; /* to the end of the template argument that it begins */
	} rules[] = {
		{"std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >",
		 "std::string", false},
		{"std::basic_string_view<char, std::char_traits<char> >", "std::string_view",
		 false},
		{", std::allocator<", "", true},
		{", std::char_traits<", "", true},
		{", std::default_delete<", "", true},
		{"std::__cxx11::", "std::", false},
		{"[abi:cxx11]", "", false},
	};
	struct str out = {0};

	while (*name) {
		/* What rules begin with. */
		size_t r = *name == 's' || *name == ',' || *name == '[' ? 0 : ARRAY_SIZE(rules);

		while (r < ARRAY_SIZE(rules) && !str_starts(name, rules[r].what))
			r++;
		if (r == ARRAY_SIZE(rules)) {
			name += name[0] == ' ' && name[1] == '>';
			str_putc(&out, *name++);
			continue;
		}
		str_puts(&out, rules[r].instead);
		name = rules[r].is_argument ? argument_end(name + 2) : name + strlen(rules[r].what);
	}
	return out.text;
}

/* What is shown of a mangled name. */
static char *demangle_readable(const char *name, bool full)
{
	auto_free char *text = demangle_plain(name, full);

	return text && !full ? shorten(text) : steal(text);
}

char *demangle(const char *name, bool full)
{
	size_t len = strlen(name);
	auto_free char *base = NULL, *readable = NULL;

	if (!str_ends(name, "@plt"))
		return demangle_readable(name, full);
	base = strndup(name, len - 4);
	readable = demangle_readable(base, full);
	return readable ? mem_printf("%s@plt", readable) : NULL;
}
