/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What names code, and makes stacks whole. */
#include "analysis/cures.h"

#include "base/mem.h"

#include <ctype.h>
#include <string.h>

static const struct runtime {
	const char *module, *process, *names, *stacks;
} runtimes[] = {
#define RUNTIME(module, process, names, stacks) {module, process, names, stacks},
#include "analysis/runtimes.def"
#undef RUNTIME
};

static const struct cut_cure {
	const char *why, *cure;
	bool anywhere; /* in generated code, too */
} cuts[] = {
#define ANYWHERE(why, cure) {why, cure, true},
#define CUT(why, cure)      {why, cure, false},
#include "analysis/cuts.def"
#undef ANYWHERE
#undef CUT
};

/* "python" is that of python3.11, and not of pythonic. */
static bool is_called(const char *name, const char *what)
{
	size_t n = strlen(what);

	return !strncmp(name, what, n) && !isalpha((unsigned char)name[n]) && name[n] != '_';
}

static bool has_process(const struct profile *p, const char *name)
{
	const string_id key = strings_find(&p->strings, "process");

	for (size_t i = 0; key && i < p->n_label_sets; i++) {
		const struct label *l = profile_label(p, (labels_id)i, key);

		if (l && l->text && is_called(profile_text(p, l->text), name))
			return true;
	}
	return false;
}

bool has_mapping(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->n_mappings; i++) {
		const char *path = profile_text(p, p->mappings[i].filename);
		const char *slash = strrchr(path, '/');

		if (is_called(slash ? slash + 1 : path, name))
			return true;
	}
	return false;
}

/* The only one that is there; NULL: none or several, of which any may be meant. */
static const struct runtime *runtime_of(const struct profile *p)
{
	const struct runtime *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++) {
		if (!has_mapping(p, runtimes[i].module) && !has_process(p, runtimes[i].process))
			continue;
		if (found)
			return NULL;
		found = &runtimes[i];
	}
	return found;
}

const char *cure_of_generated(const struct profile *p)
{
	const struct runtime *r = runtime_of(p);

	return r ? r->names
		 : "what generates it has to write a perf map (/tmp/perf-PID.map) or a jitdump: "
		   "node --perf-basic-prof, record --java-perfmap, python3 -X perf";
}

/* "[anon]", and what a runtime keeps in a file of memory. */
static bool is_generated(const char *reason)
{
	const char *module = strstr(reason, ", ");

	return module && (str_starts(module + 2, "[anon") || str_starts(module + 2, "memfd:"));
}

const char *cure_of_cut(const struct profile *p, const char *reason)
{
	bool generated = is_generated(reason);
	const struct runtime *r;

	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++)
		if (str_starts(reason, cuts[i].why) && (cuts[i].anywhere || !generated))
			return cuts[i].cure;
	r = runtime_of(p);
	return r ? r->stacks
		 : "an option of what generates this code that keeps frame pointers (java "
		   "-XX:+PreserveFramePointer, erl +JPperf true)";
}
