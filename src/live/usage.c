/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU time by cgroup. */
#include "live/usage.h"

#include "base/hash.h"
#include "base/mem.h"
#include "collect/identity.h"

#include <string.h>

/* What has not run for so long is gone, or may as well be. */
#define IDLE_NS 300000000000ull

static uint64_t hash_of(const char *cgroup)
{
	return hash_bytes(cgroup, strlen(cgroup));
}

static bool usage_name_equal(const void *ctx, uint32_t id, const void *key)
{
	return str_equal(((const struct usage *)ctx)->groups[id].cgroup, key);
}

static void forget_idle(struct usage *u, uint64_t now_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < u->n; i++) {
		if (now_ns - u->groups[i].seen_ns < IDLE_NS)
			u->groups[kept++] = u->groups[i];
		else
			free(u->groups[i].cgroup);
	}
	u->n = kept;
	map_release(&u->by_name);
	for (size_t i = 0; i < u->n; i++)
		map_add(&u->by_name, hash_of(u->groups[i].cgroup), (uint32_t)i);
}

/* The group, made when it is new; NULL when there is no room for it. */
static struct history_usage *group_of(struct usage *u, const char *cgroup, uint64_t now_ns)
{
	uint32_t id = map_find(&u->by_name, hash_of(cgroup), usage_name_equal, u, cgroup);
	struct history_usage *group;

	if (id != NO_ID)
		return &u->groups[id];
	if (u->n >= u->most)
		forget_idle(u, now_ns);
	u->is_cut = u->n >= u->most;
	if (u->is_cut)
		return NULL;
	array_reserve(u->groups, u->cap, u->n + 1);
	map_add(&u->by_name, hash_of(cgroup), (uint32_t)u->n);
	group = &u->groups[u->n++];
	*group = (struct history_usage){.cgroup = mem_strdup(cgroup)};
	container_of_cgroup(cgroup, group->container);
	return group;
}

void usage_add(struct usage *u, const char *cgroup, uint64_t cpu_ns, uint64_t now_ns)
{
	struct history_usage *group = group_of(u, cgroup, now_ns);

	if (!group)
		return;
	group->cpu_ns += cpu_ns;
	group->seen_ns = now_ns;
}

void usage_release(struct usage *u)
{
	for (size_t i = 0; i < u->n; i++)
		free(u->groups[i].cgroup);
	free(u->groups);
	map_release(&u->by_name);
	*u = (struct usage){0};
}
