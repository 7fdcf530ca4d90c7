/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source: all BPF programs of a recording, with their ring and their counts. */
#include "collect/kernel.h"
#include "collect/losses.h"
#include "collect/source.h"
#include "maps/images.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>

static size_t programs_programs(const struct source_env *env, struct source_program *ret)
{
	static const char children[] = "cannot follow the target's children";
	static const char processes[] = "cannot follow processes";
	size_t n = 0;

	if (env->by_task) {
		ret[n++] = (struct source_program){
			"target_exec", "cannot see which programs the target runs", true};
		ret[n++] = (struct source_program){"target_fork", children, true};
		ret[n++] = (struct source_program){"target_exit", children, true};
	}
	if (env->by_tables) {
		ret[n++] = (struct source_program){"inherit_fork", processes, true};
		ret[n++] = (struct source_program){"inherit_exit", processes, true};
	}
	return n;
}

static void *programs_make(struct source_env *env)
{
	env->kernel_image->name_address = kernel_name_address;
	env->kernel_image->name_ctx = env->kernel;
	return env->kernel;
}

/* One that ended between the check and now will not be seen leaving. */
static int programs_add_task(void *kernel, enum target_kind kind, pid_t id, struct err *err)
{
	int code = kernel_add_target(kernel, kind, (uint32_t)id);

	if (code)
		return err_set(err, code, "cannot select %d", id);
	if (!thread_exists(id))
		kernel_remove_target(kernel, kind, (uint32_t)id);
	return 0;
}

static int programs_poll(const void *kernel, int epoll_fd)
{
	struct epoll_event e = {.events = EPOLLIN};
	int code = epoll_ctl(epoll_fd, EPOLL_CTL_ADD, kernel_wait_fd(kernel), &e) ? -errno : 0;

	return code == -EEXIST ? 0 : code;
}

static bool programs_alive(const void *kernel)
{
	return kernel_targets_alive(kernel) > 0;
}

static void programs_read(void *kernel, const struct source_visit *visit)
{
	kernel_read_stacks(kernel, visit->stack, visit->ctx);
}

static void programs_stop(void *kernel)
{
	kernel_log_runs(kernel);
}

static size_t programs_counts_used(const void *kernel)
{
	return kernel_counts_used(kernel);
}

static bool programs_flip(void *kernel, bool ended)
{
	bool again = !ended && kernel_renew_seen(kernel);

	kernel_flip_counts(kernel, ended);
	return again;
}

static int programs_read_counts(void *kernel, uint64_t until_ns, count_visit *visit, void *ctx)
{
	(void)until_ns; /* the flip has parted them */
	return kernel_read_counts(kernel, visit, ctx);
}

static uint64_t programs_cost_ns(const void *kernel)
{
	return kernel_run_ns(kernel);
}

static void programs_account(const void *kernel, bool ended, struct account *a)
{
	struct stats stats;
	uint64_t explained;

	kernel_stats(kernel, &stats);
	losses_of_kernel(&stats, a);
	/* Those without a ring for their stack are in the profile all the same. */
	explained = a->samples + stats.drops[DROP_COUNTS_FULL] + stats.drops[DROP_NESTED];
	if (ended && stats.taken > explained) {
		a->lost += stats.taken - explained;
		account_add(&a->lost_by_reason, "unaccounted", stats.taken - explained);
	}
	a->kernel_cost_unknown = !kernel_is_measured(kernel);
	snprintf(a->way, sizeof(a->way), "%s", kernel_way(kernel));
}

const struct source_type source_programs = {
	.programs = programs_programs,
	.make = programs_make,
	.add_task = programs_add_task,
	.poll = programs_poll,
	.stop = programs_stop,
	.read = programs_read,
	.is_alive = programs_alive,
	.counts_used = programs_counts_used,
	.flip = programs_flip,
	.read_counts = programs_read_counts,
	.cost_ns = programs_cost_ns,
	.account = programs_account,
};
