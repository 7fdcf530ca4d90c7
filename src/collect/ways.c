/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the sampling programs are loaded. */
#include "collect/ways.h"

#include "base/cache.h"
#include "base/mem.h"
#include "base/str.h"
#include "collect/probe.h"

#include <errno.h>
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

const struct way *ways_remembered(uint64_t build, bool by_tables)
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

void ways_remember(uint64_t build, bool by_tables, const struct way *way)
{
	auto_free char *text = entry_text(build, way);
	struct cache *cache = cache_new(NULL);

	cache_put(cache, cache_key(by_tables), text, strlen(text));
	cache_free(cache);
}

bool ways_failed_in_passing(int code)
{
	return code == -ENOMEM || code == -EAGAIN || code == -EINTR || code == -EMFILE ||
	       code == -ENFILE;
}

/* Is it the best that this kernel takes, as far as a small question tells? Without bpf_loop the
 * callbacks are of no use, so the object without them loses nothing. */
static bool is_likely(const struct way *way, bool has_arena, bool has_loop)
{
	if (way->arena)
		return has_arena;
	return way->old != has_loop;
}

size_t ways_in_order(bool by_tables, const struct way *ret[N_WAYS])
{
	bool has_arena = by_tables && !probe_arena(), has_loop = probe_helper(BPF_FUNC_loop);
	size_t n = 0;

	for (int likely = 1; likely >= 0; likely--)
		for (size_t i = !by_tables; i < N_WAYS; i++)
			if (is_likely(&ways[i], has_arena, has_loop) == likely)
				ret[n++] = &ways[i];
	return n;
}
