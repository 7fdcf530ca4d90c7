/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which values of a profile the samples of an event become. */
#include "collect/columns.h"

#include "base/mem.h"
#include "profile/values.h"

#include <stdio.h>

enum when { ALWAYS, FIRST };

#define SAMPLES   COLUMN_SAMPLES
#define VALUE     COLUMN_VALUE
#define ESTIMATED COLUMN_ESTIMATED
#define EVENT     NULL

static const struct row {
	enum event_value of;
	enum column_from from;
	const char *type;
	enum when when;
} rows[] = {
#define COLUMN(of, from, type, when) {of, from, type, when},
#include "collect/columns.def"
#undef COLUMN
};

/* "cpu", "samples"; of another event than the first "page-faults", "page-faults_samples". */
static const char *columns_type_of(const struct row *row, const struct event *e, size_t index,
				   char buf[static 96])
{
	bool is_value = row->from == COLUMN_VALUE;

	if (!index && (!is_value || row->of == EVENT_CLOCK))
		return row->type ? row->type : e->name;
	if (is_value)
		return row->type && e->is_cpu && row->of == EVENT_CYCLES ? row->type : e->name;
	snprintf(buf, 96, "%s_%s", e->name, row->type);
	return buf;
}

static void set_period(struct profile *p, uint32_t column, uint64_t frequency_hz, uint64_t period)
{
	bool is_time = str_equal(profile_text(p, p->types[column].unit), "nanoseconds");

	p->period_type = p->types[column];
	p->period = (int64_t)(frequency_hz && is_time ? 1000000000 / frequency_hz : period);
}

static void add_column(struct columns *c, struct profile *p, enum column_from from,
		       const char *type, const char *unit)
{
	c->all[c->n].at = profile_add_type(p, type, unit);
	c->all[c->n++].from = from;
}

static void add_perf_columns(struct columns *c, struct profile *p, const struct event *e,
			     size_t index, bool has_rate)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		char buf[96];

		if (row->of != e->value || (row->when == FIRST && (index || !has_rate)))
			continue;
		add_column(c, p, row->from, columns_type_of(row, e, index, buf),
			   row->type ? value_unit(row->type) : "count");
		if (row->from == COLUMN_ESTIMATED)
			profile_add_comment(p,
					    "cpu/nanoseconds is estimated: samples x 1e9 / rate");
	}
}

/* A type that the profile has of an event before is the second one's by its name. */
static void add_other_column(struct columns *c, struct profile *p, const struct event *e,
			     enum column_from from, const char *type)
{
	auto_free char *named = mem_printf("%s_%s", e->name, type);

	add_column(c, p, from, value_column(p, type) == NO_ID ? type : named, value_unit(type));
}

void columns_add(struct columns *c, struct profile *p, const struct event *e, size_t index,
		 uint64_t frequency_hz, uint64_t period)
{
	*c = (struct columns){0};
	if (e->value == EVENT_OTHER) {
		add_other_column(c, p, e, COLUMN_SAMPLES, e->samples_type);
		add_other_column(c, p, e, COLUMN_VALUE, e->value_type);
	} else {
		add_perf_columns(c, p, e, index, frequency_hz != 0);
	}
	if (index)
		return;
	p->default_type = p->n_types - 1;
	/* Of other sources every event is counted. */
	for (size_t i = 0; i < c->n; i++)
		if (c->all[i].from == COLUMN_VALUE && e->value == EVENT_OTHER)
			set_period(p, c->all[i].at, 0, 1);
		else if (c->all[i].from == COLUMN_VALUE)
			set_period(p, c->all[i].at, frequency_hz, period);
}

void columns_fill(const struct columns *c, const struct journal_entry *e, int64_t *ret)
{
	for (size_t i = 0; i < c->n; i++) {
		int64_t *to = &ret[c->all[i].at];

		if (c->all[i].from == COLUMN_SAMPLES)
			*to = (int64_t)e->samples;
		else if (c->all[i].from == COLUMN_VALUE)
			*to = (int64_t)e->value;
		else if (e->rate_hz)
			*to = (int64_t)((double)e->samples * 1e9 / e->rate_hz);
	}
}

uint32_t columns_time(const struct columns *c, const struct profile *p)
{
	for (size_t i = c->n; i-- > 0;)
		if (str_equal(profile_text(p, p->types[c->all[i].at].unit), "nanoseconds"))
			return c->all[i].at;
	return NO_ID;
}

bool columns_are_estimated(const struct columns *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->all[i].from == COLUMN_ESTIMATED)
			return true;
	return false;
}
