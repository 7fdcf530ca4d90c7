/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source: every system call of what is sampled, for tests/root/nesting.sh.
 *
 * This file, event_nested.bpf.c and the two rows in collect/ are all that such a source is.
 */
#include "base/mem.h"
#include "collect/kernel.h"
#include "collect/source.h"

static size_t nested_programs(const struct source_env *env, struct source_program *ret)
{
	(void)env;
	ret[0] = (struct source_program){"nested_sample", "cannot follow system calls", false};
	return 1;
}

static size_t nested_settings(const struct source_env *env, struct source_setting *ret)
{
	ret[0].name = "nested_event";
	for (size_t i = 0; i < env->n_events; i++)
		if (env->events[i].source == SOURCE_nested)
			ret[0].value = (uint32_t)i;
	return 1;
}

static void *nested_make(struct source_env *env)
{
	return env->kernel;
}

static int nested_start(void *kernel, struct err *err)
{
	return kernel_attach(kernel, "nested_sample", err);
}

static void nested_stop(void *kernel)
{
	kernel_detach(kernel, "nested_sample");
}

const struct source_type source_nested = {
	.programs = nested_programs,
	.settings = nested_settings,
	.make = nested_make,
	.start = nested_start,
	.stop = nested_stop,
};
