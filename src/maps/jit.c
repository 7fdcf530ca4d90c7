/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions that a process generated. */
#include "maps/jit.h"

#include "base/clock.h"
#include "base/broker.h"
#include "base/mem.h"
#include "base/str.h"
#include "maps/jitdump.h"
#include "proc/procfs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
	PIECE_BYTES = 1 << 20,
	/* What may be read of one file at once, and a second from then on; and of all. */
	BURST_BYTES = 32 << 20,
	SECOND_BYTES = 4 << 20,
	SHARERS = 4,
	MAX_PENDING = 16 << 20, /* of a record that is not whole yet */
};

/* How often a file is looked at for more. */
#define LOOK_NS 20000000ull
/* And for one that is not there. */
#define OPEN_NS 500000000ull

/* A file that grows. */
struct source {
	int fd;
	off_t offset;
	bool has_header;
	bool given_up;          /* garbage, or more than enough */
	struct str rest;        /* what was read and is not whole; the budget counts it */
	uint64_t read, read_ns; /* bytes that were read and not yet forgotten, as of then */
};

struct jit {
	pid_t pid;
	struct source map, dump;
	uint64_t looked_ns, opened_ns;
	struct code_map code;
};

struct jit *jit_empty(void)
{
	struct jit *j = mem_alloc(sizeof(*j));

	j->map.fd = j->dump.fd = -1;
	return j;
}

struct jit *jit_new(pid_t pid, struct code_budget *budget)
{
	struct jit *j = jit_empty();

	j->pid = pid;
	j->code.budget = budget;
	return j;
}

static void source_release(struct source *s)
{
	if (s->fd >= 0)
		close(s->fd);
	str_release(&s->rest);
}

void jit_free(struct jit *j)
{
	if (!j)
		return;
	source_release(&j->map);
	source_release(&j->dump);
	code_map_release(&j->code);
	free(j);
}

pid_t jit_pid(const struct jit *j)
{
	return j->pid;
}

void jit_look_again(struct jit *j)
{
	j->looked_ns = j->opened_ns = 0;
}

/* -- perf maps -- */

static bool jit_take_hex(const char **at, const char *end, uint64_t *ret)
{
	const char *p = *at;

	*ret = 0;
	if (end - p > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		p += 2;
	for (; p < end && *p != ' '; p++) {
		unsigned digit = hex_digit(*p);

		if (digit == 16 || *ret >> 60)
			return false;
		*ret = *ret << 4 | digit;
	}
	if (p == *at || p == end)
		return false;
	*at = p + 1;
	return true;
}

size_t jit_parse_map(struct jit *j, const char *text, size_t len)
{
	const char *at = text, *end = text + len, *stop;

	for (; (stop = memchr(at, '\n', (size_t)(end - at))); at = stop + 1) {
		const char *p = at;
		uint64_t start, bytes;

		if (jit_take_hex(&p, stop, &start) && jit_take_hex(&p, stop, &bytes) && p < stop)
			code_map_add(&j->code, start, bytes, p, (size_t)(stop - p), 0);
	}
	return (size_t)(at - text);
}

/* -- files -- */

/* May the file speak of the process? Only if it is its user's (or root's, and its user may read
 * it), and not left over from another process of that number. */
static bool may_speak(const struct opened_file *file, bool is_there, uid_t user, pid_t pid)
{
	int64_t started;

	if (file->is_copy)
		return false; /* it would not grow */
	if (!is_there)
		return file->st.st_uid == geteuid() || file->st.st_uid == 0;
	started = process_started_s(pid);
	return (file->st.st_uid == user || file->st.st_uid == 0) &&
	       (started < 0 || file->st.st_mtime + 2 >= started);
}

/* Opens with the rights of the process's user. Without a root it is gone: its map may lie in ours.
 */
static bool jit_try_open(struct source *s, struct wanted_file wanted, pid_t pid)
{
	struct opened_file file;
	uid_t user = 0;
	bool is_there = process_user(pid, &user);

	if (is_there) {
		wanted.pid = pid;
		wanted.raised = true;
		wanted.as_user = true;
		wanted.user = user;
	}
	if (broker_open(&wanted, &file))
		return false;
	if (!may_speak(&file, is_there, user, pid)) {
		close(file.fd);
		return false;
	}
	s->fd = file.fd;
	return true;
}

static void open_map(struct jit *j)
{
	auto_close int root = process_root(j->pid);
	pid_t inner = process_inner_pid(j->pid);
	auto_free char *path = mem_printf("/tmp/perf-%d.map", inner > 0 ? inner : j->pid);

	jit_try_open(&j->map,
		     (struct wanted_file){.path = path, .root = root, .last_no_link = true},
		     j->pid);
}

void jit_set_dump(struct jit *j, const char *path, uint64_t start, uint64_t end)
{
	auto_free char *exact =
		mem_printf("/proc/%d/map_files/%llx-%llx", process_live_thread(j->pid),
			   (unsigned long long)start, (unsigned long long)end);
	auto_close int root = process_root(j->pid);
	/* map_files are links, to the very file that is mapped. */
	const struct wanted_file by_link = {.path = exact}, by_path = {.path = path, .root = root};

	if (j->dump.fd < 0 && !jit_try_open(&j->dump, by_link, j->pid))
		jit_try_open(&j->dump, by_path, j->pid);
}

bool jit_has_dump(const struct jit *j)
{
	return j->dump.fd >= 0;
}

static size_t parse(struct jit *j, struct source *s)
{
	size_t used;

	if (s == &j->map)
		return jit_parse_map(j, s->rest.text, s->rest.len);
	used = jitdump_parse(&j->code, (const uint8_t *)s->rest.text, s->rest.len, !s->has_header);
	s->has_header |= used > 0;
	return used;
}

static void rewind_source(struct source *s)
{
	s->offset = 0;
	s->rest.len = 0;
	s->has_header = false;
}

void jit_read_anew(struct jit *j)
{
	rewind_source(&j->map);
	jit_look_again(j);
}

/* Takes from what may be read: a burst, and so much a second. False: not now. */
static bool take_bytes(uint64_t *read, uint64_t *read_ns, uint64_t now, uint64_t bytes,
		       uint64_t sharers)
{
	uint64_t forgotten = (now - *read_ns) / 1000 * SECOND_BYTES * sharers / 1000000;

	if (*read + bytes - MIN(*read, forgotten) > BURST_BYTES * sharers)
		return false;
	*read += bytes - MIN(*read, forgotten);
	*read_ns = now;
	return true;
}

/* May a piece more be read? One that grows for ever, or many, would keep us from all else. */
static bool may_read(struct jit *j, struct source *s)
{
	struct code_budget *b = j->code.budget;
	uint64_t now = monotonic_ns();

	return take_bytes(&s->read, &s->read_ns, now, PIECE_BYTES, 1) &&
	       (!b || take_bytes(&b->read, &b->read_ns, now, PIECE_BYTES, SHARERS));
}

/* Keeps no more than what is not whole. */
static void keep_rest(struct jit *j, struct source *s)
{
	struct str rest = {0};

	if (s->rest.len)
		str_add(&rest, s->rest.text, s->rest.len);
	str_release(&s->rest);
	s->rest = rest;
	code_map_count(&j->code, j->map.rest.cap + j->dump.rest.cap);
}

/* Reads what a file has grown by. */
static void jit_read_more(struct jit *j, struct source *s)
{
	auto_free char *piece = NULL;
	struct stat st;
	ssize_t n;

	if (s->fd < 0 || s->given_up || fstat(s->fd, &st) || st.st_size == s->offset)
		return;
	/* Written anew: what comes now counts more than what was there. */
	if (st.st_size < s->offset)
		rewind_source(s);
	piece = mem_alloc(PIECE_BYTES);
	while (may_read(j, s) && (n = pread(s->fd, piece, PIECE_BYTES, s->offset)) > 0) {
		size_t used;

		s->offset += n;
		str_add(&s->rest, piece, (size_t)n);
		used = parse(j, s);
		memmove(s->rest.text, s->rest.text + used, s->rest.len - used);
		s->rest.len -= used;
		if (s->rest.len > MAX_PENDING || code_map_is_full(&j->code)) {
			s->given_up = true;
			s->rest.len = 0;
			break;
		}
	}
	keep_rest(j, s);
}

static void look(struct jit *j)
{
	uint64_t now = monotonic_ns();

	if (j->looked_ns && now - j->looked_ns < LOOK_NS)
		return;
	j->looked_ns = now;
	if (j->map.fd < 0 && j->pid && now - j->opened_ns > OPEN_NS) {
		open_map(j);
		j->opened_ns = now;
	}
	jit_read_more(j, &j->map);
	jit_read_more(j, &j->dump);
	code_map_settle(&j->code);
}

bool jit_find(struct jit *j, uint64_t address, uint64_t time_ns, struct code_place *ret)
{
	look(j);
	return code_map_find(&j->code, address, time_ns, ret);
}

struct code_map *jit_code(struct jit *j)
{
	return &j->code;
}
