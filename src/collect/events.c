/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events by name. */
#include "collect/events.h"

#include "base/mem.h"
#include "base/str.h"

#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>

/* Not in the headers of Debian 12. */
#define PERF_COUNT_SW_CGROUP_SWITCHES 11

struct row {
	const char *name, *alias;
	uint32_t type;
	uint64_t config;
	enum event_value value;
	const char *what;
	enum source_row source;
	const char *samples_type, *value_type;
};

static const struct row rows[] = {
#define EVENT(name, alias, type, config, value, what)                                              \
	{name, alias, type, config, EVENT_##value, what, SOURCE_sampler, NULL, NULL},
#define OTHER_EVENT(name, source, samples, value, what)                                            \
	{name, NULL, 0, 0, EVENT_OTHER, what, SOURCE_##source, samples, value},
#include "collect/events.def"
#undef EVENT
#undef OTHER_EVENT
};

const char *event_name(size_t row, const char **ret_what)
{
	if (row >= ARRAY_SIZE(rows))
		return NULL;
	*ret_what = rows[row].what;
	return rows[row].name;
}

static const struct row *row_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (str_equal(name, rows[i].name) ||
		    (rows[i].alias && str_equal(name, rows[i].alias)))
			return &rows[i];
	return NULL;
}

static bool parse_modifiers(const char *text, struct event *e)
{
	bool user = false, kernel = false;

	for (; *text; text++) {
		if (*text == 'u')
			user = true;
		else if (*text == 'k')
			kernel = true;
		else if (*text == 'p' && e->precise < 3)
			e->precise++;
		else
			return false;
	}
	e->exclude_user = kernel && !user;
	e->exclude_kernel = user && !kernel;
	return true;
}

static int unknown_event(const char *name, struct err *err)
{
	const char *names[ARRAY_SIZE(rows)], *near;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		names[i] = rows[i].name;
	near = nearest_word(name, names, ARRAY_SIZE(rows));
	err_usage(err, "unknown event '%.40s'", name);
	if (near)
		return err_cure(err, "did you mean '%s'? 'cprof record --help' lists them", near);
	return err_cure(err, "'cprof record --help' lists the events");
}

static int parse_one(char *text, struct event *e, struct err *err)
{
	const struct row *row;
	char *colon;

	*e = (struct event){0};
	if (strlen(text) >= sizeof(e->name))
		return unknown_event(text, err);
	strcpy(e->name, text);
	colon = strchr(text, ':');
	if (colon) {
		*colon = '\0';
		if (!parse_modifiers(colon + 1, e)) {
			err_usage(err, "event '%s' has a modifier that is none", e->name);
			return err_cure(err, "u (user), k (kernel) and p (precise) exist");
		}
	}
	row = row_find(text);
	if (!row)
		return unknown_event(text, err);
	if (colon && row->value == EVENT_OTHER) {
		err_usage(err, "event '%s' takes no modifiers", row->name);
		return err_cure(err, "they are for what perf samples");
	}
	e->type = row->type;
	e->config = row->config;
	e->value = row->value;
	e->source = row->source;
	e->samples_type = row->samples_type;
	e->value_type = row->value_type;
	e->is_cpu = str_equal(row->name, "cpu");
	return 0;
}

int events_parse(const char *list, struct event *events, size_t max, size_t *n, struct err *err)
{
	auto_free char *copy = mem_strdup(list);
	char *save = NULL;
	size_t before = *n;

	for (char *t = strtok_r(copy, ",", &save); t; t = strtok_r(NULL, ",", &save)) {
		if (*n == max)
			return err_usage(err, "more than %zu events", max);
		if (parse_one(t, &events[*n], err))
			return err->code;
		for (size_t i = 0; i < *n; i++)
			if (str_equal(events[i].name, events[*n].name))
				return err_usage(err, "event '%s' is given twice", events[*n].name);
		(*n)++;
	}
	return *n > before ? 0 : err_usage(err, "no event in '%s'", list);
}

void event_use_clock(struct event *e)
{
	e->type = PERF_TYPE_SOFTWARE;
	e->config = PERF_COUNT_SW_CPU_CLOCK;
	e->value = EVENT_CLOCK;
	e->precise = 0;
}

void events_describe(const struct event *events, size_t n, uint64_t frequency_hz, uint64_t period,
		     const char *how, char *buf, size_t size)
{
	const char *what = events->name;
	char rate[48];

	if (events->is_cpu)
		what = events->value == EVENT_CLOCK ? "cpu-clock" : "cycles";
	if (events->value == EVENT_OTHER)
		*rate = '\0';
	else if (frequency_hz)
		snprintf(rate, sizeof(rate), " at %llu Hz", (unsigned long long)frequency_hz);
	else
		snprintf(rate, sizeof(rate), " every %llu", (unsigned long long)period);
	if (n > 1)
		snprintf(buf, size, "%.20s and %zu more%s%s", what, n - 1, rate, how);
	else
		snprintf(buf, size, "%.20s%s%s", what, rate, how);
}
