/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which side samples. */
#include "collect/side.h"

#include "base/log.h"
#include "collect/own.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

/* Of stack, at most, that travels with a sample the kernel side could not unwind. */
enum { CAPTURE_PAGES = 32 };

bool side_walks_by_tables(const struct recording_options *o)
{
	return !o->by_frame_pointers && !o->no_user;
}

static void sources_env(const struct side_options *s, struct source_env *ret)
{
	struct recording_options *o = s->o;

	*ret = (struct source_env){
		.events = o->events,
		.n_events = o->n_events,
		.frequency_hz = o->frequency_hz,
		.period = o->period,
		.idle = o->idle,
		.no_kernel = o->no_kernel,
		.by_task = targets_by_task(s->targets),
		.by_tables = side_walks_by_tables(o),
		.cpus = &s->targets->cpus,
		.online = s->online,
		.block_ns = s->identity->block_ns,
		.block_start_ns = s->identity->block_start_ns,
	};
}

static struct kernel *load_kernel(const struct side_options *s, const struct source_env *env,
				  enum refusal *ret_refusal, struct err *err)
{
	const struct recording_options *o = s->o;
	struct source_program programs[MAX_SOURCE_PROGRAMS];
	struct source_setting settings[MAX_SOURCE_SETTINGS];
	struct kernel_options k = {
		.programs = programs,
		.n_programs = sources_programs(env, programs),
		.settings = settings,
		.n_settings = sources_settings(env, settings),
		.cgroup_fd = s->targets->cgroup_fd,
	};

	k.config.self_tgid = (uint32_t)getpid();
	k.config.idle = o->idle;
	k.config.max_depth = o->max_depth;
	k.config.by_task = env->by_task;
	k.config.by_uid = o->user != NULL;
	k.config.uid = s->targets->uid;
	k.config.by_cgroup = o->cgroup != NULL;
	k.config.cgroup_id = s->targets->cgroup_id;
	k.config.user_stacks = !o->no_user;
	k.config.kernel_stacks = !o->no_kernel;
	k.config.want_cpu = o->want_cpu;
	k.config.block_ns = o->journal ? JOURNAL_BLOCK_NS : s->identity->block_ns;
	k.config.block_start_ns = s->identity->block_start_ns;
	k.config.by_tables = env->by_tables;
	k.config.capture_pages = CAPTURE_PAGES;
	if (getrandom(&k.config.hash_seed, sizeof(k.config.hash_seed), 0) < 0) {
		err_set(err, -errno, "no random numbers");
		return NULL;
	}
	return kernel_new(&k, ret_refusal, err);
}

/* Chosen processes can be sampled by perf alone. */
static bool can_do_without(const struct side_options *s)
{
	const struct recording_options *o = s->o;

	for (size_t i = 0; i < o->n_events; i++)
		if (o->events[i].source != SOURCE_sampler)
			return false;
	return targets_by_task(s->targets) && !o->user && !o->cgroup && !o->journal &&
	       !o->by_frame_pointers && !o->no_user && o->budget_share <= 0 && !o->no_fallback;
}

/* Says why it is by perf, and what is missing then: at once, and in the account at the end. */
static void fall_back(struct side *s, uint64_t frequency_hz, enum refusal why,
		      const struct err *cause)
{
	if (why == REFUSAL_privileges && geteuid())
		snprintf(s->refused, sizeof(s->refused), "without privileges");
	else
		snprintf(s->refused, sizeof(s->refused),
			 "the kernel refused cprof's programs (%.300s)", cause->what);
	log_warn("%s: sampling by perf; what lies deeper than %u KiB of stack is missing, and at "
		 "high "
		 "rates samples are",
		 s->refused, own_stack_bytes(frequency_hz) / 1024);
	log_warn("to sample in the kernel: %s", cause->cure);
}

int side_open(struct side *s, const struct side_options *o, struct images *images, struct err *err)
{
	enum refusal refusal = REFUSAL_none;
	struct source_env env;
	struct err cause;

	if (targets_check_namespace(err))
		return err->code;
	sources_env(o, &env);
	s->kernel = load_kernel(o, &env, &refusal, err);
	if (s->kernel) {
		env.kernel = s->kernel;
		env.kernel_image = images_kernel(images);
		sources_open(&s->sources, &env, IN_KERNEL);
		return 0;
	}
	if (!refusal)
		return err->code;
	cause = *err;
	if (!can_do_without(o)) {
		if (targets_by_task(o->targets) || refusal != REFUSAL_privileges)
			return err->code;
		return err_cure(err,
				"%.300s. Without privileges cprof samples processes of yours: -p "
				"PID, or -- COMMAND",
				cause.cure);
	}
	fall_back(s, o->o->frequency_hz, refusal, &cause);
	*err = (struct err){0};
	sources_open(&s->sources, &env, BY_PERF);
	return 0;
}

void side_release(struct side *s)
{
	sources_release(&s->sources);
	kernel_free(s->kernel);
	*s = (struct side){0};
}
