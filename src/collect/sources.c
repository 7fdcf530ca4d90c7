/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sources of one recording, as one. */
#include "collect/sources.h"

#include "base/mem.h"

#define SOURCE(name, side, when) extern const struct source_type source_##name;
#include "collect/sources.def"
#undef SOURCE

enum when { ALWAYS, BY_EVENT };

static const struct {
	const struct source_type *type;
	enum source_side side;
	enum when when;
} all[] = {
#define SOURCE(name, side, when) {&source_##name, side, when},
#include "collect/sources.def"
#undef SOURCE
};

_Static_assert(N_SOURCES *MAX_PROGRAMS_OF_ONE <= MAX_SOURCE_PROGRAMS, "room for all programs");

/* Each source that has the function, as `type` and `state`. */
#define FOR_EACH(s, function)                                                                      \
	for (size_t i = 0; i < (s)->n; i++)                                                        \
		if ((s)->at[i].type->function)

#define CALL(s, function, ...) (s)->at[i].type->function((s)->at[i].state, ##__VA_ARGS__)

static bool sources_is_wanted(size_t row, const struct source_env *env, enum source_side side)
{
	bool wanted = all[row].when == ALWAYS;

	for (size_t i = 0; i < env->n_events; i++)
		wanted |= env->events[i].source == row;
	return wanted && all[row].side == side;
}

size_t sources_programs(const struct source_env *env,
			struct source_program ret[MAX_SOURCE_PROGRAMS])
{
	size_t n = 0;

	for (size_t i = 0; i < N_SOURCES; i++)
		if (all[i].type->programs && sources_is_wanted(i, env, IN_KERNEL))
			n += all[i].type->programs(env, ret + n);
	return n;
}

size_t sources_settings(const struct source_env *env,
			struct source_setting ret[MAX_SOURCE_SETTINGS])
{
	size_t n = 0;

	for (size_t i = 0; i < N_SOURCES; i++)
		if (all[i].type->settings && sources_is_wanted(i, env, IN_KERNEL))
			n += all[i].type->settings(env, ret + n);
	return n;
}

void sources_open(struct sources *s, const struct source_env *env, enum source_side side)
{
	s->env = *env;
	for (size_t i = 0; i < N_SOURCES; i++) {
		if (!sources_is_wanted(i, env, side))
			continue;
		s->at[s->n].type = all[i].type;
		s->at[s->n++].state = all[i].type->make ? all[i].type->make(&s->env) : NULL;
	}
}

void sources_release(struct sources *s)
{
	while (s->n--)
		if (s->at[s->n].type->free)
			s->at[s->n].type->free(s->at[s->n].state);
	*s = (struct sources){0};
}

int sources_add_task(struct sources *s, enum target_kind kind, pid_t id, struct err *err)
{
	FOR_EACH (s, add_task)
		if (CALL(s, add_task, kind, id, err))
			return err->code;
	return 0;
}

int sources_add_cpu(struct sources *s, int cpu, struct err *err)
{
	FOR_EACH (s, add_cpu)
		if (CALL(s, add_cpu, cpu, err))
			return err->code;
	return 0;
}

void sources_remove_cpu(struct sources *s, int cpu)
{
	FOR_EACH (s, remove_cpu)
		CALL(s, remove_cpu, cpu);
}

int sources_poll(const struct sources *s, int epoll_fd, struct err *err)
{
	FOR_EACH (s, poll) {
		int code = CALL(s, poll, epoll_fd);

		if (code)
			return err_set(err, code, "cannot wait for samples");
	}
	return 0;
}

int sources_start(struct sources *s, struct err *err)
{
	FOR_EACH (s, start)
		if (CALL(s, start, err))
			return err->code;
	return 0;
}

/* What is made of programs first, the programs then. */
void sources_stop(struct sources *s)
{
	for (size_t i = s->n; i-- > 0;)
		if (s->at[i].type->stop)
			CALL(s, stop);
}

bool sources_have_rates(const struct sources *s)
{
	FOR_EACH (s, set_rate)
		return true;
	return false;
}

void sources_pause(struct sources *s)
{
	FOR_EACH (s, set_rate)
		CALL(s, stop);
}

int sources_resume(struct sources *s, struct err *err)
{
	FOR_EACH (s, set_rate)
		if (CALL(s, start, err))
			return err->code;
	return 0;
}

int sources_set_rate(struct sources *s, uint64_t frequency_hz, struct err *err)
{
	FOR_EACH (s, set_rate)
		if (CALL(s, set_rate, frequency_hz, err))
			return err->code;
	return 0;
}

bool sources_are_alive(const struct sources *s)
{
	FOR_EACH (s, is_alive)
		if (CALL(s, is_alive))
			return true;
	return false;
}

void sources_read(struct sources *s, const struct source_visit *visit)
{
	FOR_EACH (s, read)
		CALL(s, read, visit);
}

size_t sources_counts_used(const struct sources *s)
{
	size_t most = 0;

	FOR_EACH (s, counts_used)
		most = MAX(most, CALL(s, counts_used));
	return most;
}

bool sources_flip(struct sources *s, bool ended)
{
	bool again = false;

	FOR_EACH (s, flip)
		again |= CALL(s, flip, ended);
	return again;
}

int sources_read_counts(struct sources *s, uint64_t until_ns, count_visit *visit, void *ctx)
{
	int code = 0;

	FOR_EACH (s, read_counts) {
		int one = CALL(s, read_counts, until_ns, visit, ctx);

		code = code ? code : one;
	}
	return code;
}

uint64_t sources_cost_ns(const struct sources *s)
{
	uint64_t ns = 0;

	FOR_EACH (s, cost_ns)
		ns += CALL(s, cost_ns);
	return ns;
}

void sources_account(const struct sources *s, bool ended, struct account *a)
{
	FOR_EACH (s, account)
		CALL(s, account, ended, a);
}

const char *sources_manner(const struct sources *s)
{
	FOR_EACH (s, manner) {
		const char *manner = CALL(s, manner);

		if (*manner)
			return manner;
	}
	return "";
}
