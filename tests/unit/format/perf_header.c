/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Header lines of perf script's, with any of their fields and with commands of any kind. */
#include "unit/test.h"

#include "base/mem.h"
#include "format/perf_header.h"

#include <stdio.h>

struct expected {
	const char *line;
	enum perf_line is;
	/* "command|pid|tid|period|event|rest"; no ids: "-|-". */
	const char *parts;
};

static char *parts_of(const struct perf_header *h)
{
	auto_free char *ids =
		h->has_ids ? mem_printf("%lld|%lld", (long long)h->pid, (long long)h->tid)
			   : mem_strdup("-|-");

	return mem_printf("%.*s|%s|%lld|%.*s|%.*s", (int)piece_len(h->command), h->command.at, ids,
			  (long long)h->period, (int)piece_len(h->event), h->event.at,
			  (int)piece_len(h->rest), h->rest.at);
}

static void compare(const struct expected *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct perf_header h;
		enum perf_line is =
			perf_header_parse(all[i].line, all[i].line + strlen(all[i].line), &h);
		auto_free char *parts = parts_of(&h);

		if (is != all[i].is || (all[i].parts && strcmp(parts, all[i].parts) != 0))
			fail_msg("'%s' is %d, %s", all[i].line, is, parts);
	}
}

/* perf 3.2 prints neither period nor thread, 6.x pads more. */
static void fields_of_every_age(void **state)
{
	static const struct expected all[] = {
		{"swapper     0 [000]  1.500000: cycles: ", PERF_SAMPLE, "swapper|0|0|1|cycles|"},
		{"perf 12/13 81.5: cycles:u: ", PERF_SAMPLE, "perf|12|13|1|cycles:u|"},
		{"app  4242 [001]   81.500000:     250000 cycles: ", PERF_SAMPLE,
		 "app|4242|4242|250000|cycles|"},
		{"app    4242/4250    [001]   81.500000123:          1   page-faults:u: ",
		 PERF_SAMPLE, "app|4242|4250|1|page-faults:u|"},
		{"app 1 1.0: 1 cycles: ", PERF_SAMPLE, "app|1|1|1|cycles|"},
		{"app 1 [001] 1.0: raw 0x1c2: ", PERF_SAMPLE, "app|1|1|1|raw 0x1c2|"},
		{"app 1 1.0: sched:sched_switch: prev_comm=a prev_pid=1", PERF_SAMPLE,
		 "app|1|1|1|sched:sched_switch|prev_comm=a prev_pid=1"},
		{"app 1 [001] KU 2026-11-27 15:42:56.123456 1.0: 7 cycles: ", PERF_SAMPLE,
		 "app|1|1|7|cycles|"},
		{"app 1 1.0: 99999999999999999999 cycles: ", PERF_SAMPLE,
		 "app|1|1|9223372036854775807|cycles|"},
		{"app  4242 [001]   81.5:     250000 cycles:      401136 leaf+0x6 (/bin/app)",
		 PERF_SAMPLE, "app|4242|4242|250000|cycles|401136 leaf+0x6 (/bin/app)"},
	};

	(void)state;
	compare(all, ARRAY_SIZE(all));
}

static void commands_of_any_kind(void **state)
{
	static const struct expected all[] = {
		{"Timer 3  4242 [001] 1.5: 250000 cycles: ", PERF_SAMPLE,
		 "Timer 3|4242|4242|250000|cycles|"},
		{"tokio-rt 12 34  4242/4250 [001] 1.5: 250000 cycles: ", PERF_SAMPLE,
		 "tokio-rt 12 34|4242|4250|250000|cycles|"},
		{":-1    -1 [002]   81.400000:     250000 cycles: ", PERF_SAMPLE,
		 ":-1|-1|-1|250000|cycles|"},
		{":-1 -1/-1 81.4: 1 cycles: ", PERF_SAMPLE, ":-1|-1|-1|1|cycles|"},
		{"    4242 [001]   81.500000:     250000 cycles: ", PERF_SAMPLE,
		 "|4242|4242|250000|cycles|"},
		{"#worker  12 1.5: 1 cycles: ", PERF_SAMPLE, "#worker|12|12|1|cycles|"},
		{"[kworker] [1]  12 [001] 1.5: 1 cycles: ", PERF_SAMPLE,
		 "[kworker] [1]|12|12|1|cycles|"},
		{"a 12 1.5: x:   77 [001] 2.5: 1 cycles: ", PERF_SAMPLE,
		 "a 12 1.5: x:|77|77|1|cycles|"},
		{"1.5:  77 2.5: 1 cycles: ", PERF_SAMPLE, "1.5:|77|77|1|cycles|"},
		{"C2 Compiler 1:  77 2.5: 1 cycles: ", PERF_SAMPLE,
		 "C2 Compiler 1:|77|77|1|cycles|"},
		{"my (w) 7  77 2.5: 1 cycles: ", PERF_SAMPLE, "my (w) 7|77|77|1|cycles|"},
		/* What is printed of a tracepoint looks like a header. */
		{"app 1 [000] 1.5: ftrace:print: long enough: app 2 [000] 2.5: 1 cycles: ",
		 PERF_SAMPLE, "app|1|1|1|ftrace:print|long enough: app 2 [000] 2.5: 1 cycles:"},
	};

	(void)state;
	compare(all, ARRAY_SIZE(all));
}

static void fields_left_out(void **state)
{
	static const struct expected all[] = {
		/* Time. */
		{"Timer 3  4242 [001]     250000 cycles: ", PERF_SAMPLE,
		 "Timer 3|4242|4242|250000|cycles|"},
		{"Timer 3  4242     250000 cycles: ", PERF_SAMPLE_MAYBE,
		 "Timer 3|4242|4242|250000|cycles|"},
		{"app    4242 cycles: ", PERF_SAMPLE_MAYBE, "app|4242|4242|1|cycles|"},
		{"app     250000 cycles: ", PERF_SAMPLE_MAYBE, "app|-|-|250000|cycles|"},
		/* Event. */
		{"app  4242 1.5:     250000 ", PERF_SAMPLE, "app|4242|4242|250000||"},
		{"app  4242 1.5: ", PERF_SAMPLE, "app|4242|4242|1||"},
		{"app  4242 1.5:   401136 leaf (/x)", PERF_SAMPLE,
		 "app|4242|4242|1||401136 leaf (/x)"},
		{"app  4242 1.5:   401136 fade (/x)", PERF_SAMPLE,
		 "app|4242|4242|1||401136 fade (/x)"},
		{"app  4242 1.5:  250000  401136 leaf (/x)", PERF_SAMPLE,
		 "app|4242|4242|250000||401136 leaf (/x)"},
		/* Both. */
		{"my (w) 7 18482 ", PERF_SAMPLE_MAYBE, "my (w) 7|18482|18482|1||"},
		{"my (w) 7 18482 [001] ", PERF_SAMPLE_MAYBE, "my (w) 7|18482|18482|1||"},
		{"app  4242     250000", PERF_SAMPLE_MAYBE, "app|4242|4242|250000||"},
		{"  dd  4242  ffffffff815f0340 vmf ([kernel.kallsyms])", PERF_SAMPLE_MAYBE,
		 "dd|4242|4242|1||ffffffff815f0340 vmf ([kernel.kallsyms])"},
		/* Process. */
		{"app  1.5:     250000 cycles: ", PERF_SAMPLE, "app|-|-|250000|cycles|"},
		{"1.5:     250000 cycles: ", PERF_SAMPLE, "|-|-|250000|cycles|"},
		{"app ", PERF_SAMPLE_MAYBE, "app|-|-|1||"},
		{"", PERF_NOTHING, NULL},
		{"   ", PERF_NOTHING, NULL},
	};

	(void)state;
	compare(all, ARRAY_SIZE(all));
}

static void records(void **state)
{
	static const struct expected all[] = {
		{"swapper 0 0.0: PERF_RECORD_MMAP -1/0: [0xffffffff81000000(0x12090c8) @ 0]: x [k]",
		 PERF_RECORD, NULL},
		{"w 18482   358.564549: PERF_RECORD_COMM exec: w:18482/18482", PERF_RECORD, NULL},
		{"app  4242 [001]   81.400000: PERF_RECORD_LOST lost 12", PERF_RECORD,
		 "|-|-|1||PERF_RECORD_LOST lost 12"},
		{"PERF_RECORD_FINISHED_ROUND", PERF_RECORD, NULL},
		{"a PERF_RECORD_x  4242 1.5: 1 cycles: ", PERF_SAMPLE, NULL},
	};

	(void)state;
	compare(all, ARRAY_SIZE(all));
}

TESTS(T(fields_of_every_age), T(commands_of_any_kind), T(fields_left_out), T(records))
