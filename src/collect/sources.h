/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sources of one recording, as one: whatever is asked is asked of each that has an answer.
 *
 * Owner: sources_release(), also of what was never opened (all zero).
 */
#pragma once

#include "collect/source.h"
#include "collect/source_row.h"

enum source_side { IN_KERNEL, BY_PERF };

struct sources {
	struct source_env env;
	struct {
		const struct source_type *type;
		void *state;
	} at[N_SOURCES];
	size_t n;
};

/* The programs of all wanted sources in the kernel; returns how many. */
size_t sources_programs(const struct source_env *env,
			struct source_program ret[MAX_SOURCE_PROGRAMS]);
/* The settings of their programs; returns how many. */
size_t sources_settings(const struct source_env *env,
			struct source_setting ret[MAX_SOURCE_SETTINGS]);
/* Makes the wanted sources of one side; those in the kernel need env->kernel. */
void sources_open(struct sources *s, const struct source_env *env, enum source_side side);
void sources_release(struct sources *s);

int sources_add_task(struct sources *s, enum target_kind kind, pid_t id, struct err *err);
int sources_add_cpu(struct sources *s, int cpu, struct err *err);
void sources_remove_cpu(struct sources *s, int cpu);
int sources_poll(const struct sources *s, int epoll_fd, struct err *err);
int sources_start(struct sources *s, struct err *err);
void sources_stop(struct sources *s);
/* Can one of them sample at another rate? */
bool sources_have_rates(const struct sources *s);
/* Those that can stop for a moment; all others go on. */
void sources_pause(struct sources *s);
int sources_resume(struct sources *s, struct err *err);
int sources_set_rate(struct sources *s, uint64_t frequency_hz, struct err *err);
bool sources_are_alive(const struct sources *s);
void sources_read(struct sources *s, const struct source_visit *visit);
size_t sources_counts_used(const struct sources *s);
bool sources_flip(struct sources *s, bool ended);
int sources_read_counts(struct sources *s, uint64_t until_ns, count_visit *visit, void *ctx);
uint64_t sources_cost_ns(const struct sources *s);
void sources_account(const struct sources *s, bool ended, struct account *a);
const char *sources_manner(const struct sources *s);
