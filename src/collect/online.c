/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPUs that are online, and sampled. */
#include "collect/online.h"

#include "base/log.h"

#define LOOK_NS 1000000000ull

void online_release(struct online *online)
{
	cpu_list_release(&online->cpus);
}

int online_find(struct online *online, const struct cpu_list *chosen, struct err *err)
{
	int code = cpu_list_online(&online->cpus);

	if (code)
		return err_set(err, code, "cannot read the list of CPUs");
	for (size_t i = 0; i < chosen->n; i++)
		if (!cpu_list_has(&online->cpus, chosen->cpus[i]))
			return err_usage(err, "CPU %d is not online", chosen->cpus[i]);
	return 0;
}

int online_open(struct online *online, struct sources *sources, struct err *err)
{
	struct cpu_list *cpus = &online->cpus;
	size_t n = 0;

	for (size_t i = 0; i < cpus->n; i++) {
		int cpu = cpus->cpus[i];

		if (!sources_add_cpu(sources, cpu, err)) {
			cpus->cpus[n++] = cpu;
			continue;
		}
		/* online_follow() looks whether it comes back. */
		if (cpu_is_online(cpu))
			return err->code;
		sources_remove_cpu(sources, cpu);
		*err = (struct err){0};
	}
	cpus->n = n;
	return 0;
}

void online_follow(struct online *online, struct sources *sources, int epoll_fd, uint64_t now_ns)
{
	struct cpu_list now = {0};
	struct err err = {0};

	if (now_ns - online->looked_ns <= LOOK_NS)
		return;
	online->looked_ns = now_ns;
	if (cpu_list_online(&now))
		return;
	for (size_t i = 0; i < online->cpus.n; i++) {
		if (cpu_list_has(&now, online->cpus.cpus[i]))
			continue;
		sources_remove_cpu(sources, online->cpus.cpus[i]);
	}
	for (size_t i = 0; i < now.n; i++) {
		if (cpu_list_has(&online->cpus, now.cpus[i]))
			continue;
		if (sources_add_cpu(sources, now.cpus[i], &err))
			log_warn("CPU %d came online and is not sampled: %s", now.cpus[i],
				 err.what);
		else
			sources_poll(sources, epoll_fd, &err);
	}
	cpu_list_release(&online->cpus);
	online->cpus = now;
}
