/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One of perf's records of who is mapped where. */
#include "collect/side_record.h"

#include "base/cursor.h"
#include "base/mem.h"

#include <linux/perf_event.h>
#include <string.h>

/* The text at the end of a record. Returns the bytes of the whole, 0 when it does not end. */
static size_t side_record_parse_text(struct cursor *c, struct side_record *ret)
{
	struct text t = take_text(c);

	if (c->bad)
		return 0;
	memcpy(ret->path, t.at, t.n + 1);
	return sizeof(*ret) + t.n + 1;
}

/* A record may be marked as having a build id, for the sake of another profiler that asked for it:
 * ours never has. */
static size_t parse_map(struct cursor *c, struct side_record *ret)
{
	uint32_t major, minor;

	ret->pid = (pid_t)take_n(c, 4);
	ret->tid = (pid_t)take_n(c, 4);
	ret->start = take_n(c, 8);
	ret->len = take_n(c, 8);
	ret->offset = take_n(c, 8);
	major = (uint32_t)take_n(c, 4);
	minor = (uint32_t)take_n(c, 4);
	ret->file.device = file_device(major, minor);
	ret->file.inode = take_n(c, 8);
	ret->file.generation = take_n(c, 8);
	take_n(c, 8); /* protection and flags: only executable mappings are reported */
	if (c->bad || ret->start + ret->len < ret->start)
		return 0;
	return side_record_parse_text(c, ret);
}

static size_t parse_ksymbol(struct cursor *c, struct side_record *ret)
{
	ret->start = take_u64(c);
	ret->len = take_u32(c);
	take_u32(c); /* type and flags */
	return side_record_parse_text(c, ret);
}

size_t side_parse(const void *record, size_t size, int cpu, struct side_record *ret)
{
	struct perf_event_header head;
	struct cursor c;
	size_t bytes = sizeof(*ret) + 1;

	if (size < sizeof(head) + 8)
		return 0;
	memcpy(&head, record, sizeof(head));
	/* The record's time is its last word (sample_id_all). */
	c = cursor_at(record, size - 8, sizeof(head));
	memset(ret, 0, sizeof(*ret) + 1);
	memcpy(&ret->time_ns, (const char *)record + size - 8, 8);
	ret->cpu = cpu;
	switch (head.type) {
	case PERF_RECORD_MMAP2:
		ret->type = SIDE_MAP;
		bytes = parse_map(&c, ret);
		break;
	case PERF_RECORD_COMM:
		if (!(head.misc & PERF_RECORD_MISC_COMM_EXEC))
			return 0;
		ret->type = SIDE_EXEC;
		ret->pid = (pid_t)take_n(&c, 4);
		break;
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		ret->type = head.type == PERF_RECORD_FORK ? SIDE_FORK : SIDE_EXIT;
		ret->pid = (pid_t)take_n(&c, 4);
		ret->parent = (pid_t)take_n(&c, 4);
		ret->tid = (pid_t)take_n(&c, 4);
		break;
	case PERF_RECORD_KSYMBOL:
		ret->type = SIDE_KSYMBOL;
		bytes = parse_ksymbol(&c, ret);
		break;
	case PERF_RECORD_LOST:
		ret->type = SIDE_LOST;
		take_n(&c, 8);
		ret->lost = take_n(&c, 8);
		break;
	case PERF_RECORD_THROTTLE:
	case PERF_RECORD_UNTHROTTLE:
		ret->type = head.type == PERF_RECORD_THROTTLE ? SIDE_THROTTLE : SIDE_UNTHROTTLE;
		ret->time_ns = take_n(&c, 8);
		break;
	default:
		return 0;
	}
	return c.bad ? 0 : bytes;
}
