/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Groups of samples by their labels. */
#include "analysis/groups.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

static const char *const names[N_GROUP_BY] = {
	[BY_NONE] = "none", [BY_PROCESS] = "process", [BY_THREAD] = "thread", [BY_PID] = "pid",
	[BY_TID] = "tid",   [BY_CPU] = "cpu",         [BY_CGROUP] = "cgroup",
};

enum { ASKED_IN_VAIN = UINT32_MAX };

bool group_by_parse(const char *text, enum group_by *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (str_equal(text, names[i])) {
			*ret = (enum group_by)i;
			return true;
		}
	}
	return false;
}

void groups_init(struct groups *g, const struct profile *p, enum group_by by)
{
	*g = (struct groups){.p = p, .by = by};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		g->keys[i] = strings_find(&p->strings, names[i]);
	if (by != BY_NONE)
		g->of_labels = mem_array(p->n_label_sets, sizeof(*g->of_labels));
}

void groups_release(struct groups *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->names[i]);
	free(g->names);
	free(g->of_labels);
	map_release(&g->by_name);
	*g = (struct groups){0};
}

static const struct label *label_of(const struct groups *g, labels_id labels, enum group_by by,
				    bool is_text)
{
	const struct label *l =
		g->keys[by] == NO_ID ? NULL : profile_label(g->p, labels, g->keys[by]);

	return l && (l->text != 0) == is_text ? l : NULL;
}

/* The name of the group of these labels (heap), NULL when they lack what tells. */
static char *groups_name_of(const struct groups *g, labels_id labels)
{
	const struct label *text = label_of(g, labels, g->by, true);
	const struct label *number = label_of(g, labels, g->by, false);
	const struct label *process = label_of(g, labels, BY_PROCESS, true);
	const struct label *pid = label_of(g, labels, BY_PID, false);
	const char *command = process ? profile_text(g->p, process->text) : "process";

	switch (g->by) {
	case BY_PROCESS:
	case BY_THREAD:
	case BY_CGROUP:
		return text ? mem_strdup(profile_text(g->p, text->text)) : NULL;
	case BY_PID:
		return number ? mem_printf("%s-%lld", command, (long long)number->number) : NULL;
	case BY_TID:
		return number && pid ? mem_printf("%s-%lld/%lld", command, (long long)pid->number,
						  (long long)number->number)
				     : NULL;
	case BY_CPU:
		return number ? mem_printf("cpu %lld", (long long)number->number) : NULL;
	case BY_NONE:
	case N_GROUP_BY:
		break;
	}
	return NULL;
}

static bool groups_name_equal(const void *ctx, uint32_t id, const void *key)
{
	return str_equal(((const struct groups *)ctx)->names[id], key);
}

uint32_t groups_find(struct groups *g, labels_id labels)
{
	char *name;
	uint64_t hash;
	uint32_t id;

	if (g->by == BY_NONE)
		return NO_ID;
	if (g->of_labels[labels])
		return g->of_labels[labels] == ASKED_IN_VAIN ? NO_ID : g->of_labels[labels] - 1;
	name = groups_name_of(g, labels);
	if (!name) {
		g->of_labels[labels] = ASKED_IN_VAIN;
		return NO_ID;
	}
	hash = hash_bytes(name, strlen(name));
	id = map_find(&g->by_name, hash, groups_name_equal, g, name);
	if (id == NO_ID) {
		array_reserve(g->names, g->cap, g->n + 1);
		id = (uint32_t)g->n++;
		g->names[id] = name;
		map_add(&g->by_name, hash, id);
	} else {
		free(name);
	}
	g->of_labels[labels] = id + 1;
	return id;
}
