/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/columns.h"
#include "unit/test.h"

#include <linux/perf_event.h>
#include <string.h>

/* "type/unit" of every column, and what a sample of 3 that are worth 70 at 100 Hz has there. */
static void expect(const char *list, uint64_t hz, const char *types, const char *period)
{
	struct event events[8];
	struct columns columns[8];
	struct str got = {0};
	struct profile p;
	struct err err = {0};
	size_t n = 0;

	profile_init(&p);
	assert_int_equal(events_parse(list, events, 8, &n, &err), 0);
	for (size_t i = 0; i < n; i++) {
		const struct journal_entry e = {.samples = 3, .value = 70, .rate_hz = 100};
		int64_t values[MAX_VALUE_TYPES] = {0};

		if (events[i].is_cpu && !hz)
			event_use_clock(&events[i]);
		columns_add(&columns[i], &p, &events[i], i, hz, hz ? 0 : 1000);
		columns_fill(&columns[i], &e, values);
		for (size_t j = 0; j < columns[i].n; j++) {
			const struct value_type *t = &p.types[columns[i].all[j].at];

			str_printf(&got, "%s/%s=%lld ", profile_text(&p, t->type),
				   profile_text(&p, t->unit),
				   (long long)values[columns[i].all[j].at]);
		}
	}
	assert_string_equal(got.text, types);
	str_release(&got);
	str_printf(&got, "%s/%s %lld, default %s", profile_text(&p, p.period_type.type),
		   profile_text(&p, p.period_type.unit), (long long)p.period,
		   profile_text(&p, p.types[p.default_type].type));
	assert_string_equal(got.text, period);
	str_release(&got);
	profile_release(&p);
}

static void of_perfs_events(void **state)
{
	(void)state;
	expect("cpu", 0, "samples/count=3 cpu/nanoseconds=70 ",
	       "cpu/nanoseconds 1000, default cpu");
	expect("cpu-clock", 100, "samples/count=3 cpu/nanoseconds=70 ",
	       "cpu/nanoseconds 10000000, default cpu");
	/* Cycles are counted; the time is estimated by the rate. */
	expect("cpu", 100, "samples/count=3 cycles/count=70 cpu/nanoseconds=30000000 ",
	       "cycles/count 0, default cpu");
	expect("page-faults", 100, "samples/count=3 page-faults/count=70 ",
	       "page-faults/count 0, default page-faults");
	/* Of the events behind the first all types have the event's name. */
	expect("page-faults,cpu-clock,cycles:u", 100,
	       "samples/count=3 page-faults/count=70 "
	       "cpu-clock_samples/count=3 cpu-clock/nanoseconds=70 "
	       "cycles:u_samples/count=3 cycles:u/count=70 ",
	       "page-faults/count 0, default page-faults");
}

/* Two events of another source that have the same types. */
static void of_other_sources(void **state)
{
	const struct event events[] = {{.name = "block",
					.value = EVENT_OTHER,
					.samples_type = "contentions",
					.value_type = "delay"},
				       {.name = "mutex",
					.value = EVENT_OTHER,
					.samples_type = "contentions",
					.value_type = "delay"}};
	const char *const types[] = {"contentions", "delay", "mutex_contentions", "mutex_delay"};
	struct columns c;
	struct profile p;

	(void)state;
	profile_init(&p);
	for (size_t i = 0; i < 2; i++)
		columns_add(&c, &p, &events[i], i, 99, 0);
	assert_int_equal(p.n_types, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(profile_text(&p, p.types[i].type), types[i]);
		assert_string_equal(profile_text(&p, p.types[i].unit),
				    i % 2 ? "nanoseconds" : "count");
	}
	assert_int_equal(p.default_type, 1);
	assert_string_equal(profile_text(&p, p.period_type.type), "delay");
	assert_int_equal(p.period, 1); /* each is counted, at whatever rate others are sampled */
	assert_int_equal(columns_time(&c, &p), 3);
	assert_false(columns_are_estimated(&c));
	profile_release(&p);
}

TESTS(T(of_perfs_events), T(of_other_sources))
