/* SPDX-License-Identifier: GPL-2.0-or-later */
/* jitdump files. */
#include "maps/jitdump.h"

#include "base/str.h"

#include <string.h>

enum {
	MAGIC = 0x4a695444,
	RECORD_LOAD = 0,
	RECORD_MOVE = 1,
	RECORD_LINES = 2,
	FLAG_ARCH_TIMESTAMP = 1, /* times are not of the clock that samples have */
	MAX_RECORD = 16 << 20,
	MAX_LINES = 1 << 16, /* of one function */
};

struct dump_header {
	uint32_t magic, version, bytes, machine, unused, pid;
	uint64_t time, flags;
};

struct record {
	uint32_t id, bytes;
	uint64_t time;
};

struct load {
	uint32_t pid, tid;
	uint64_t unused, address, bytes, index;
};

struct move {
	uint32_t pid, tid;
	uint64_t unused, from, to, bytes, index;
};

struct lines {
	uint64_t address, n;
};

struct entry {
	uint64_t address;
	uint32_t line, column;
};

/* Runtimes write garbage at times. `s` ends with a NUL. */
static bool jitdump_is_text(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < 32 || (unsigned char)s[i] == 127)
			return false;
	return len && str_is_utf8(s);
}

static void take_lines(struct code_map *c, const uint8_t *body, size_t len)
{
	struct lines head;
	struct entry e;
	const char *file = "";
	size_t at = sizeof(head), n_file = 0;

	if (len < sizeof(head))
		return;
	memcpy(&head, body, sizeof(head));
	for (uint64_t i = 0; i < head.n && i < MAX_LINES && len - at >= sizeof(e); i++) {
		const uint8_t *nul;

		memcpy(&e, body + at, sizeof(e));
		at += sizeof(e);
		nul = memchr(body + at, '\0', len - at);
		if (!nul)
			return;
		/* "\xff" stands for the name before it. */
		if (nul - (body + at) != 1 || body[at] != 0xff) {
			file = (const char *)body + at;
			n_file = (size_t)(nul - (body + at));
		}
		if (jitdump_is_text(file, n_file))
			code_map_add_line(c, e.address, e.line, file, n_file);
		at = (size_t)(nul - body) + 1;
	}
}

static void take_load(struct code_map *c, uint64_t time, const uint8_t *body, size_t len)
{
	struct load l;
	const char *name = (const char *)body + sizeof(l);

	if (len <= sizeof(l))
		return;
	memcpy(&l, body, sizeof(l));
	code_map_add(c, l.address, l.bytes, name, strnlen(name, len - sizeof(l)), time);
}

static void take_record(struct code_map *c, const struct record *r, const uint8_t *body, size_t len)
{
	struct move m;

	switch (r->id) {
	case RECORD_LOAD:
		take_load(c, r->time, body, len);
		break;
	case RECORD_MOVE:
		if (len < sizeof(m))
			break;
		memcpy(&m, body, sizeof(m));
		code_map_move(c, m.from, m.to, m.bytes, r->time);
		break;
	case RECORD_LINES:
		take_lines(c, body, len);
		break;
	default:
		break;
	}
}

size_t jitdump_parse(struct code_map *c, const uint8_t *data, size_t len, bool header)
{
	struct dump_header h = {0};
	struct record r;
	size_t at = 0;

	if (header) {
		if (len < sizeof(h))
			return 0;
		memcpy(&h, data, sizeof(h));
		if (h.magic != MAGIC || h.bytes < sizeof(h) || h.bytes > len)
			return 0;
		at = h.bytes;
		code_map_ignore_times(c, h.flags & FLAG_ARCH_TIMESTAMP);
	}
	while (len - at >= sizeof(r)) {
		memcpy(&r, data + at, sizeof(r));
		if (r.bytes < sizeof(r) || r.bytes > MAX_RECORD)
			return len; /* damaged: what follows says nothing */
		if (r.bytes > len - at)
			break;
		take_record(c, &r, data + at + sizeof(r), r.bytes - sizeof(r));
		at += r.bytes;
	}
	return at;
}
