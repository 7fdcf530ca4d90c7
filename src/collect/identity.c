/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who a sample belongs to. */
#include "collect/identity.h"

#include "base/hash.h"
#include "base/mem.h"
#include "proc/cgroup.h"

#include <string.h>

enum {
	CONTAINER_DIGITS = 64,
	CONTAINER_SHOWN = 12,
	MAX_LABEL_SETS = 1 << 20, /* beyond, samples keep names but no numbers: memory is bounded */
};

struct identity {
	struct profile *p;
	struct cgroup_names *cgroups;
	struct map64 processes; /* hash of (pid, start) */
	const struct identity_options *o;
	string_id time, nanoseconds, pid, tid, process, thread, cgroup, container, cpu;
};

struct identity *identity_new(struct profile *p, const struct identity_options *o)
{
	struct identity *id = mem_alloc(sizeof(*id));

	id->p = p;
	id->o = o;
	id->cgroups = cgroup_names_new();
	id->pid = strings_add(&p->strings, "pid");
	id->tid = strings_add(&p->strings, "tid");
	id->process = strings_add(&p->strings, "process");
	id->thread = strings_add(&p->strings, "thread");
	id->cgroup = strings_add(&p->strings, "cgroup");
	id->container = strings_add(&p->strings, "container");
	id->cpu = strings_add(&p->strings, "cpu");
	if (o->block_ns) {
		id->time = strings_add(&p->strings, TIMELINE_KEY);
		id->nanoseconds = strings_add(&p->strings, "nanoseconds");
	}
	return id;
}

void identity_free(struct identity *id)
{
	if (!id)
		return;
	cgroup_names_free(id->cgroups);
	map64_release(&id->processes);
	free(id);
}

bool container_of_cgroup(const char *path, char *ret_id)
{
	static const char hex[] = "0123456789abcdef";

	/* docker-ID.scope, cri-containerd-ID.scope, libpod-ID.scope, /docker/ID, /kubepods/.../ID
	 */
	for (const char *p = path; *p;) {
		size_t n = strspn(p, hex);

		if (n == CONTAINER_DIGITS) {
			memcpy(ret_id, p, CONTAINER_SHOWN);
			ret_id[CONTAINER_SHOWN] = '\0';
			return true;
		}
		p += n ? n : 1;
	}
	return false;
}

/* Since 1970. */
static int64_t block_end(const struct identity *id, uint32_t block)
{
	uint64_t end = id->o->block_start_ns + (block + 1ull) * id->o->block_ns;

	return id->p->time_ns + (int64_t)(end - id->o->started_ns);
}

labels_id identity_labels(struct identity *id, const struct count_key *key)
{
	struct label labels[8];
	size_t n = 0;
	const char *cgroup = cgroup_name(id->cgroups, key->cgroup);
	char container[CONTAINER_SHOWN + 1];

	map64_set(&id->processes, hash_u64(key->start_ns ^ (uint64_t)key->tgid << 40), 1);
	if (id->p->n_label_sets < MAX_LABEL_SETS) {
		labels[n++] = (struct label){.key = id->pid, .number = key->tgid};
		labels[n++] = (struct label){.key = id->tid, .number = key->tid};
	}
	labels[n++] = (struct label){
		.key = id->process,
		.text = profile_task_name(id->p, key->process, sizeof(key->process), key->tgid)};
	labels[n++] = (struct label){
		.key = id->thread,
		.text = profile_task_name(id->p, key->thread, sizeof(key->thread), key->tid)};
	if (*cgroup)
		labels[n++] = (struct label){.key = id->cgroup,
					     .text = strings_add(&id->p->strings, cgroup)};
	if (container_of_cgroup(cgroup, container))
		labels[n++] = (struct label){.key = id->container,
					     .text = strings_add(&id->p->strings, container)};
	if (id->o->block_ns)
		labels[n++] = (struct label){.key = id->time,
					     .number = block_end(id, key->block),
					     .unit = id->nanoseconds};
	if (id->o->want_cpu)
		labels[n++] = (struct label){.key = id->cpu, .number = key->cpu};
	return profile_add_labels(id->p, labels, n);
}

uint64_t identity_processes(const struct identity *id)
{
	return id->processes.used;
}
