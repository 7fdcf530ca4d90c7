/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event names, perf's records, container ids. */
#include "unit/test.h"

#include "collect/events.h"
#include "collect/identity.h"
#include "collect/side_record.h"

#include <linux/perf_event.h>

static void parses_perfs_names(void **state)
{
	struct event e[4];
	struct err err;
	size_t n = 0;

	(void)state;
	assert_int_equal(events_parse("cpu,page-faults:u,cs,cycles:kpp", e, 4, &n, &err), 0);
	assert_int_equal(n, 4);
	assert_true(e[0].is_cpu);
	assert_int_equal(e[1].config, PERF_COUNT_SW_PAGE_FAULTS);
	assert_true(e[1].exclude_kernel && !e[1].exclude_user);
	assert_int_equal(e[2].config, PERF_COUNT_SW_CONTEXT_SWITCHES);
	assert_true(e[3].exclude_user && e[3].precise == 2);
	event_use_clock(&e[0]);
	assert_int_equal(e[0].value, EVENT_CLOCK);
	n = 0;
	assert_int_equal(events_parse("L1-dcache-load-misses", e, 4, &n, &err), 0);
	assert_int_equal(e[0].type, PERF_TYPE_HW_CACHE);
	assert_int_equal(events_parse("cs", e, 4, &n, &err), 0); /* a second -e adds */
	assert_int_equal(n, 2);
}

static void refuses_with_a_hint(void **state)
{
	struct event e[2];
	struct err err;
	size_t n = 0;

	(void)state;
	n = 0;
	assert_true(events_parse("page-fault", e, 2, &n, &err) < 0);
	assert_int_equal(err.exit_code, 2);
	assert_non_null(strstr(err.cure, "page-faults"));
	n = 0;
	assert_true(events_parse("cpu:x", e, 2, &n, &err) < 0);
	n = 0;
	assert_true(events_parse("", e, 2, &n, &err) < 0);
	n = 0;
	assert_true(events_parse("cs,cs", e, 2, &n, &err) < 0);
	n = 0;
	assert_true(events_parse("cs,cpu,faults", e, 2, &n, &err) < 0);
}

/* A record as the kernel lays it out: header, body, time. */
static size_t record(uint32_t type, uint16_t misc, const void *body, size_t len, char *out)
{
	struct perf_event_header h = {type, misc, (uint16_t)(sizeof(h) + len + 8)};
	uint64_t time = 12345;

	memcpy(out, &h, sizeof(h));
	memcpy(out + sizeof(h), body, len);
	memcpy(out + sizeof(h) + len, &time, 8);
	return h.size;
}

static void parses_and_bounds_records(void **state)
{
	union {
		struct side_record record;
		char room[4096];
	} out;
	struct {
		uint32_t pid, tid;
		uint64_t start, len, offset;
		uint32_t major, minor;
		uint64_t inode, generation;
		uint32_t prot, flags;
		char path[16];
	} __attribute__((packed))
	map = {7, 8, 0x1000, 0x2000, 0x3000, 8, 1, 77, 5, 5, 2, "/lib/x.so"};
	char raw[256];
	/* So it is marked when another profiler wants build ids. */
	size_t n =
		record(PERF_RECORD_MMAP2, PERF_RECORD_MISC_MMAP_BUILD_ID, &map, sizeof(map), raw);

	(void)state;
	assert_true(side_parse(raw, n, 3, &out.record) > sizeof(out.record));
	assert_int_equal(out.record.type, SIDE_MAP);
	assert_int_equal(out.record.time_ns, 12345);
	assert_int_equal(out.record.file.device, 8ull << 32 | 1);
	assert_int_equal(out.record.file.inode, 77);
	assert_int_equal(out.record.offset, 0x3000);
	assert_string_equal(out.record.path, "/lib/x.so");
	/* Cut at every length: refused, or whole; never read beyond. */
	for (size_t cut = 0; cut < n; cut++)
		side_parse(raw, cut, 3, &out.record);
	memset(map.path, 'x', sizeof(map.path));
	n = record(PERF_RECORD_MMAP2, PERF_RECORD_MISC_MMAP_BUILD_ID, &map, sizeof(map), raw);
	assert_int_equal(side_parse(raw, n, 3, &out.record), 0);
}

/* Every other kind, and what is none. */
static void parses_every_kind(void **state)
{
	union {
		struct side_record record;
		char room[4096];
	} out;
	const uint32_t task[] = {7, 3, 8, 4, 0, 0}; /* pid, parent, tid, its parent, time */
	const uint64_t lost[] = {1, 99}, throttle[] = {777, 1, 2};
	struct {
		uint64_t start;
		uint32_t bytes, type_and_flags;
		char name[8];
	} symbol = {0xffffffffc0000000, 64, 1, "bpf_x"};
	char raw[256];

	(void)state;
	assert_true(side_parse(raw, record(PERF_RECORD_FORK, 0, task, sizeof(task), raw), 1,
			       &out.record) > 0);
	assert_int_equal(out.record.type, SIDE_FORK);
	assert_int_equal(out.record.pid, 7);
	assert_int_equal(out.record.parent, 3);
	assert_int_equal(out.record.tid, 8);
	assert_true(side_parse(raw, record(PERF_RECORD_EXIT, 0, task, sizeof(task), raw), 1,
			       &out.record) > 0);
	assert_int_equal(out.record.type, SIDE_EXIT);
	assert_true(side_parse(raw,
			       record(PERF_RECORD_COMM, PERF_RECORD_MISC_COMM_EXEC, task,
				      sizeof(task), raw),
			       1, &out.record) > 0);
	assert_int_equal(out.record.type, SIDE_EXEC);
	/* A new name alone is nothing. */
	assert_int_equal(side_parse(raw, record(PERF_RECORD_COMM, 0, task, sizeof(task), raw), 1,
				    &out.record),
			 0);
	assert_true(side_parse(raw, record(PERF_RECORD_LOST, 0, lost, sizeof(lost), raw), 5,
			       &out.record) > 0);
	assert_int_equal(out.record.type, SIDE_LOST);
	assert_int_equal(out.record.lost, 99);
	assert_int_equal(out.record.cpu, 5);
	assert_true(side_parse(raw,
			       record(PERF_RECORD_THROTTLE, 0, throttle, sizeof(throttle), raw), 1,
			       &out.record) > 0);
	assert_int_equal(out.record.type, SIDE_THROTTLE);
	assert_int_equal(out.record.time_ns, 777);
	assert_true(side_parse(raw, record(PERF_RECORD_KSYMBOL, 0, &symbol, sizeof(symbol), raw), 1,
			       &out.record) > 0);
	assert_int_equal(out.record.type, SIDE_KSYMBOL);
	assert_int_equal(out.record.start, symbol.start);
	assert_int_equal(out.record.len, 64);
	assert_string_equal(out.record.path, "bpf_x");
	assert_int_equal(side_parse(raw, record(PERF_RECORD_READ, 0, task, sizeof(task), raw), 1,
				    &out.record),
			 0);
}

static void finds_containers(void **state)
{
	char id[16];

	(void)state;
	assert_true(container_of_cgroup("/system.slice/docker-0123456789abcdef0123456789abcdef"
					"0123456789abcdef0123456789abcdef.scope",
					id));
	assert_string_equal(id, "0123456789ab");
	assert_false(container_of_cgroup("/user.slice/user-1000.slice", id));
	assert_false(container_of_cgroup("", id));
}

TESTS(T(parses_perfs_names), T(refuses_with_a_hint), T(parses_and_bounds_records),
      T(parses_every_kind), T(finds_containers))
