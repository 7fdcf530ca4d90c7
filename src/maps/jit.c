/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions that a process generated. */
#include "maps/jit.h"

#include "base/clock.h"
#include "base/ids.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/sort.h"
#include "base/str.h"
#include "proc/procfs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
	MAX_FUNCTIONS = 4 << 20,
	MAX_LINES = 8 << 20,
	MAX_NAME = 4096,
	MAX_NAMES_BYTES = 512 << 20,
	MAX_UNSORTED = 2048, /* functions at the end that are searched one by one */
	PIECE_BYTES = 1 << 20,
	MAX_PENDING = 64 << 20, /* of a record that is not whole yet */
};

/* How often a file is looked at for more. */
#define LOOK_NS 20000000ull
/* And for one that is not there. */
#define OPEN_NS 500000000ull

struct function {
	uint64_t start, end, time_ns;
	uint32_t name; /* in `names` */
	uint32_t first_line, n_lines;
};

struct line {
	uint64_t address; /* as of when it was generated: relative to `start` of the function */
	uint32_t line, file;
};

/* A file that grows. */
struct source {
	int fd;
	off_t offset;
	bool has_header;
	bool given_up;   /* garbage, or more than enough */
	struct str rest; /* what was read and is not whole */
};

struct jit {
	pid_t pid;
	struct source map, dump;
	uint64_t looked_ns, opened_ns;
	bool ignore_times;
	struct str names;
	struct function *functions; /* in the order of coming */
	size_t n, cap;
	struct line *lines;
	size_t n_lines, cap_lines, first_line;
	/* The newest of the first n_flat functions by address: segments to the next one. */
	size_t n_flat;
	uint64_t *address;
	uint32_t *owner;
	size_t n_segments;
};

struct jit *jit_empty(void)
{
	struct jit *j = mem_alloc(sizeof(*j));

	j->map.fd = j->dump.fd = -1;
	str_putc(&j->names, '\0');
	return j;
}

struct jit *jit_new(pid_t pid)
{
	struct jit *j = jit_empty();

	j->pid = pid;
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
	str_release(&j->names);
	free(j->functions);
	free(j->lines);
	free(j->address);
	free(j->owner);
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

/* -- adding -- */

static uint32_t add_name(struct jit *j, const char *name, size_t len)
{
	uint32_t at = (uint32_t)j->names.len;

	if (j->names.len > MAX_NAMES_BYTES)
		return 0;
	str_add(&j->names, name, MIN(len, (size_t)MAX_NAME));
	str_putc(&j->names, '\0');
	return at;
}

static void add_function(struct jit *j, const struct function *f)
{
	if (j->n == MAX_FUNCTIONS || f->end <= f->start)
		return;
	array_reserve(j->functions, j->cap, j->n + 1);
	j->functions[j->n] = *f;
	if (j->ignore_times)
		j->functions[j->n].time_ns = 0;
	j->n++;
}

void jit_ignore_times(struct jit *j, bool ignore)
{
	j->ignore_times = ignore;
}

static int by_address(const void *x, const void *y)
{
	const struct line *a = x, *b = y;

	return a->address < b->address ? -1 : a->address > b->address;
}

void jit_add(struct jit *j, uint64_t start, uint64_t bytes, const char *name, size_t len,
	     uint64_t time_ns)
{
	struct function f = {.start = start, .end = start + bytes, .time_ns = time_ns};

	f.name = add_name(j, name, len);
	f.first_line = (uint32_t)j->first_line;
	f.n_lines = (uint32_t)(j->n_lines - j->first_line);
	for (size_t i = j->first_line; i < j->n_lines; i++)
		j->lines[i].address -= start;
	if (f.n_lines)
		qsort(j->lines + f.first_line, f.n_lines, sizeof(*j->lines), by_address);
	j->first_line = j->n_lines;
	add_function(j, &f);
}

void jit_add_line(struct jit *j, uint64_t address, uint32_t line, const char *file, size_t len)
{
	const struct line *last = j->n_lines > j->first_line ? &j->lines[j->n_lines - 1] : NULL;
	const char *had = last ? j->names.text + last->file : NULL;
	struct line l = {.address = address, .line = line};

	if (j->n_lines == MAX_LINES)
		return;
	l.file = had && strlen(had) == len && memcmp(had, file, len) == 0 ? last->file
									  : add_name(j, file, len);
	array_reserve(j->lines, j->cap_lines, j->n_lines + 1);
	j->lines[j->n_lines++] = l;
}

/* -- searching -- */

static bool holds(const struct function *f, uint64_t address)
{
	return address - f->start < f->end - f->start;
}

static uint32_t find_flat(const struct jit *j, uint64_t address)
{
	size_t n = count_before(j->n_segments, i, j->address[i] <= address);

	return n ? j->owner[n - 1] : NO_ID;
}

static uint32_t find(const struct jit *j, uint64_t address, uint64_t time_ns)
{
	uint32_t flat;

	for (size_t i = j->n; i > j->n_flat; i--)
		if (holds(&j->functions[i - 1], address) && j->functions[i - 1].time_ns <= time_ns)
			return (uint32_t)i - 1;
	flat = find_flat(j, address);
	if (flat == NO_ID || j->functions[flat].time_ns <= time_ns)
		return flat;
	/* Rare: that one came later. */
	for (uint32_t i = flat; i > 0; i--)
		if (holds(&j->functions[i - 1], address) && j->functions[i - 1].time_ns <= time_ns)
			return i - 1;
	return NO_ID;
}

static size_t index_of(const uint64_t *sorted, size_t n, uint64_t value)
{
	const uint64_t *at = bsearch(&value, sorted, n, sizeof(*sorted), compare_u64);

	return (size_t)(at - sorted);
}

/* The next segment from `i` on that has no owner yet. */
static size_t next_free(uint32_t *next, size_t i)
{
	while (next[i] != i) {
		next[i] = next[next[i]];
		i = next[i];
	}
	return i;
}

/* Paints the segments between all starts and ends, the newest function first. */
static void flatten(struct jit *j)
{
	uint64_t *address = mem_array(2 * j->n + 1, sizeof(*address));
	uint32_t *owner, *next;
	size_t n = 0;

	for (size_t i = 0; i < j->n; i++) {
		address[2 * i] = j->functions[i].start;
		address[2 * i + 1] = j->functions[i].end;
	}
	qsort(address, 2 * j->n, sizeof(*address), compare_u64);
	for (size_t i = 0; i < 2 * j->n; i++)
		if (!n || address[n - 1] != address[i])
			address[n++] = address[i];
	owner = mem_array(n + 1, sizeof(*owner));
	next = mem_array(n + 1, sizeof(*next));
	for (uint32_t i = 0; i <= n; i++) {
		owner[i] = NO_ID;
		next[i] = i;
	}
	for (size_t i = j->n; i-- > 0;) {
		size_t end = index_of(address, n, j->functions[i].end);

		for (size_t s = next_free(next, index_of(address, n, j->functions[i].start));
		     s < end; s = next_free(next, s)) {
			owner[s] = (uint32_t)i;
			next[s] = (uint32_t)s + 1;
		}
	}
	free(next);
	free(j->address);
	free(j->owner);
	j->address = address;
	j->owner = owner;
	j->n_segments = n;
	j->n_flat = j->n;
}

void jit_move(struct jit *j, uint64_t from, uint64_t to, uint64_t bytes, uint64_t time_ns)
{
	uint32_t i = find(j, from, UINT64_MAX);
	struct function f;

	if (i == NO_ID || j->functions[i].start != from)
		return;
	f = j->functions[i];
	f.start = to;
	f.end = to + bytes;
	f.time_ns = time_ns;
	add_function(j, &f);
}

/* -- perf maps -- */

static bool take_hex(const char **at, const char *end, uint64_t *ret)
{
	const char *p = *at;

	*ret = 0;
	if (end - p > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		p += 2;
	for (; p < end && *p != ' '; p++) {
		unsigned digit = *p >= '0' && *p <= '9'   ? (unsigned)(*p - '0')
				 : *p >= 'a' && *p <= 'f' ? (unsigned)(*p - 'a') + 10
				 : *p >= 'A' && *p <= 'F' ? (unsigned)(*p - 'A') + 10
							  : 16;

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

		if (take_hex(&p, stop, &start) && take_hex(&p, stop, &bytes) && p < stop)
			jit_add(j, start, bytes, p, (size_t)(stop - p), 0);
	}
	return (size_t)(at - text);
}

/* -- files -- */

/* May the file speak of the process? Only if it is its owner's (or root's), and not left over from
 * another process of that number. */
static bool may_speak(int fd, pid_t pid)
{
	auto_free char *path = mem_printf("/proc/%d", pid);
	struct stat file, process;
	int64_t started;

	if (fstat(fd, &file) || !S_ISREG(file.st_mode))
		return false;
	if (stat(path, &process))
		return file.st_uid == geteuid() || file.st_uid == 0; /* it is gone */
	started = process_started_s(pid);
	return (file.st_uid == process.st_uid || file.st_uid == 0) &&
	       (started < 0 || file.st_mtime + 2 >= started);
}

/* `root` is the process's, below 0: ours. */
static bool try_open(struct source *s, int root, const char *path, pid_t pid)
{
	int fd = file_open_regular(root, path);

	if (fd < 0)
		return false;
	if (!may_speak(fd, pid)) {
		close(fd);
		return false;
	}
	s->fd = fd;
	return true;
}

static void open_map(struct jit *j)
{
	auto_close int root = process_root(j->pid);
	pid_t inner = process_inner_pid(j->pid);
	auto_free char *path = mem_printf("/tmp/perf-%d.map", inner > 0 ? inner : j->pid);

	/* Without a root it is gone: its map may lie in ours. */
	try_open(&j->map, root, path, j->pid);
}

void jit_set_dump(struct jit *j, const char *path, uint64_t start, uint64_t end)
{
	auto_free char *exact = mem_printf("/proc/%d/map_files/%llx-%llx", j->pid,
					   (unsigned long long)start, (unsigned long long)end);
	auto_close int root = process_root(j->pid);

	if (j->dump.fd >= 0)
		return;
	/* map_files are links, to the very file that is mapped. */
	if (!try_open(&j->dump, -1, exact, j->pid) &&
	    !(root >= 0 && try_open(&j->dump, root, path, j->pid)))
		try_open(&j->dump, -1, path, j->pid);
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
	used = jit_parse_dump(j, (const uint8_t *)s->rest.text, s->rest.len, !s->has_header);
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

/* Reads what a file has grown by. */
static void read_more(struct jit *j, struct source *s)
{
	auto_free char *piece = NULL;
	struct stat st;
	ssize_t n;

	if (s->fd < 0 || s->given_up)
		return;
	/* Written anew: what comes now counts more than what was there. */
	if (!fstat(s->fd, &st) && st.st_size < s->offset)
		rewind_source(s);
	piece = mem_alloc(PIECE_BYTES);
	while ((n = pread(s->fd, piece, PIECE_BYTES, s->offset)) > 0) {
		size_t used;

		s->offset += n;
		str_add(&s->rest, piece, (size_t)n);
		used = parse(j, s);
		memmove(s->rest.text, s->rest.text + used, s->rest.len - used);
		s->rest.len -= used;
		if (s->rest.len > MAX_PENDING || j->n == MAX_FUNCTIONS) {
			s->given_up = true;
			str_release(&s->rest);
			s->rest = (struct str){0};
			return;
		}
	}
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
	read_more(j, &j->map);
	read_more(j, &j->dump);
	/* The more there are the rarer: each time it sorts all. */
	if (j->n - j->n_flat > MAX_UNSORTED + j->n_flat / 8)
		flatten(j);
}

static void find_line(const struct jit *j, const struct function *f, uint64_t offset,
		      struct jit_function *ret)
{
	const struct line *lines;
	size_t n;

	if (!f->n_lines)
		return;
	lines = j->lines + f->first_line;
	n = count_before(f->n_lines, i, lines[i].address <= offset);
	if (!n)
		return;
	ret->file = j->names.text + lines[n - 1].file;
	ret->line = lines[n - 1].line;
}

bool jit_find(struct jit *j, uint64_t address, uint64_t time_ns, struct jit_function *ret)
{
	const struct function *f;
	uint32_t i;

	look(j);
	i = find(j, address, time_ns);
	*ret = (struct jit_function){0};
	if (i == NO_ID)
		return false;
	f = &j->functions[i];
	ret->name = j->names.text + f->name;
	ret->start = f->start;
	find_line(j, f, address - f->start, ret);
	return *ret->name;
}
