/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the sampling programs are loaded. */
#include "collect/ways.h"

#include "base/cache.h"
#include "base/mem.h"
#include "base/str.h"
#include "collect/probe.h"

#include <string.h>
#include <sys/utsname.h>

static const struct way ways[N_WAYS] = {
	{.name = "arena", .arena = true},
	{.name = "array"},
	{.name = "preallocated", .preallocate = true, .small = true},
	{.name = "no-callbacks", .preallocate = true, .small = true, .old = true},
};

static const char *cache_key(bool by_tables)
{
	return by_tables ? "loading" : "loading.fp";
}

/* What an entry of the cache says when `way` worked here (heap). */
static char *entry_text(uint64_t build, const struct way *way)
{
	struct utsname kernel;

	uname(&kernel);
	return mem_printf("%s %s, programs %016llx: %s\n", kernel.release, kernel.version,
			  (unsigned long long)build, way->name);
}

static bool entry_is(const void *entry, size_t bytes, uint64_t build, const struct way *way)
{
	auto_free char *text = entry_text(build, way);

	return bytes == strlen(text) && memcmp(entry, text, bytes) == 0;
}

/* NULL: none is remembered of this kernel and build. */
static const struct way *remembered(uint64_t build, bool by_tables)
{
	struct cache *cache = cache_new(NULL);
	size_t bytes = 0;
	auto_free void *entry = cache_get(cache, cache_key(by_tables), &bytes);
	const struct way *way = NULL;

	for (size_t i = 0; entry && i < N_WAYS && !way; i++)
		if (entry_is(entry, bytes, build, &ways[i]))
			way = &ways[i];
	cache_free(cache);
	return way;
}

/* Is it the best that this kernel takes, as far as a small question tells? Without bpf_loop the
 * callbacks are of no use, so the object without them loses nothing. */
static bool is_likely(const struct way *way, bool has_arena, bool has_loop)
{
	if (way->arena)
		return has_arena;
	return way->old != has_loop;
}

size_t ways_in_order(uint64_t build, bool by_tables, const struct way *ret[N_WAYS])
{
	const struct way *first = remembered(build, by_tables);
	bool has_arena = !first && by_tables && !probe_arena();
	bool has_loop = !first && probe_helper(BPF_FUNC_loop);
	size_t n = 0;

	if (first)
		ret[n++] = first;
	for (int likely = 1; likely >= 0; likely--)
		for (size_t i = !by_tables; i < N_WAYS; i++)
			if (&ways[i] != first && is_likely(&ways[i], has_arena, has_loop) == likely)
				ret[n++] = &ways[i];
	return n;
}

void ways_remember(uint64_t build, bool by_tables, const struct way *way)
{
	auto_free char *text = NULL;
	struct cache *cache;

	if (remembered(build, by_tables) == way)
		return;
	text = entry_text(build, way);
	cache = cache_new(NULL);
	cache_put(cache, cache_key(by_tables), text, strlen(text));
	cache_free(cache);
}
