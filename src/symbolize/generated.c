/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The resolver of generated code that had no name when its stack arrived: what its process has told
 * since. */
#include "base/clock.h"
#include "base/mem.h"
#include "symbolize/java.h"
#include "symbolize/resolver.h"

#include <string.h>

static bool generated_answer(struct jit *jit, struct query *q)
{
	struct code_place is;
	struct place place = {0};
	size_t name, file;
	char *owned;

	if (!jit_find(jit, q->offset, UINT64_MAX, &is))
		return false;
	name = strlen(is.name) + 1;
	file = is.file ? strlen(is.file) + 1 : 0;
	owned = mem_alloc(name + file);
	memcpy(owned, is.name, name);
	if (file)
		memcpy(owned + name, is.file, file);
	place.function = owned;
	place.file = file ? owned + name : NULL;
	place.line = is.line;
	query_answer(q, BY_JIT, &place, owned);
	return true;
}

static bool answer_all(struct jit *jit, struct query **queries, size_t n)
{
	bool all = true;

	for (size_t i = 0; i < n; i++)
		if (!queries[i]->n)
			all &= generated_answer(jit, queries[i]);
	return all;
}

static void generated_resolve(struct image *image, const struct resolving *with,
			      struct query **queries, size_t n)
{
	struct jit *jit = image_jit(image);

	if (!jit)
		return;
	jit_look_again(jit);
	if (answer_all(jit, queries, n) || !with->java_perfmap ||
	    monotonic_ns() > with->java_end_ns)
		return;
	if (java_write_perfmap(jit_pid(jit))) {
		jit_read_anew(jit);
		answer_all(jit, queries, n);
	}
}

const struct resolver resolver_generated = {"generated", "JIT maps", generated_resolve};
