/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions by address and time. */
#include "maps/code_map.h"

#include "base/ids.h"
#include "base/mem.h"
#include "base/sort.h"

#include <string.h>

enum {
	MAX_LINES = 8 << 20,
	MAX_NAME = 4096,
	MAX_NAMES_BYTES = 512 << 20,
	MAX_UNSORTED = 2048, /* functions at the end that are searched one by one */
};

struct code_function {
	uint64_t start, end, time_ns;
	uint32_t name; /* in `names` */
	uint32_t first_line, n_lines;
};

struct code_line {
	uint64_t address; /* as of when it was generated: relative to `start` of the function */
	uint32_t line, file;
};

/* What it holds by now. */
static size_t code_map_bytes(const struct code_map *c)
{
	return c->beside + c->names.cap + c->cap * sizeof(*c->functions) +
	       c->cap_lines * sizeof(*c->lines) +
	       2 * c->n_flat * (sizeof(*c->address) + sizeof(*c->owner));
}

static void count_bytes(struct code_map *c)
{
	if (!c->budget)
		return;
	c->budget->bytes -= c->counted;
	c->counted = code_map_bytes(c);
	c->budget->bytes += c->counted;
}

void code_map_count(struct code_map *c, size_t bytes)
{
	c->beside = bytes;
	count_bytes(c);
}

/* Is there no room for one more? Arrays grow by half. */
static bool code_map_lacks_room(struct code_map *c)
{
	struct code_budget *b = c->budget;

	if (!b || c->full)
		return c->full;
	c->full = c->counted > b->max_bytes / 4 || b->bytes + c->counted / 2 > b->max_bytes;
	b->n_full += c->full;
	return c->full;
}

static uint32_t code_map_add_name(struct code_map *c, const char *name, size_t len)
{
	uint32_t at;

	if (!c->names.len)
		str_putc(&c->names, '\0');
	at = (uint32_t)c->names.len;
	if (c->names.len > MAX_NAMES_BYTES)
		return 0;
	str_add(&c->names, name, MIN(len, (size_t)MAX_NAME));
	str_putc(&c->names, '\0');
	return at;
}

static void code_map_add_function(struct code_map *c, const struct code_function *f)
{
	if (c->n == MAX_FUNCTIONS || f->end <= f->start || code_map_lacks_room(c))
		return;
	array_reserve(c->functions, c->cap, c->n + 1);
	c->functions[c->n] = *f;
	if (c->ignore_times)
		c->functions[c->n].time_ns = 0;
	c->n++;
	count_bytes(c);
}

void code_map_ignore_times(struct code_map *c, bool ignore)
{
	c->ignore_times = ignore;
}

static int code_map_by_address(const void *x, const void *y)
{
	const struct code_line *a = x, *b = y;

	return a->address < b->address ? -1 : a->address > b->address;
}

void code_map_add(struct code_map *c, uint64_t start, uint64_t bytes, const char *name, size_t len,
		  uint64_t time_ns)
{
	struct code_function f = {.start = start, .end = start + bytes, .time_ns = time_ns};

	if (code_map_lacks_room(c))
		return;
	f.name = code_map_add_name(c, name, len);
	f.first_line = (uint32_t)c->first_line;
	f.n_lines = (uint32_t)(c->n_lines - c->first_line);
	for (size_t i = c->first_line; i < c->n_lines; i++)
		c->lines[i].address -= start;
	if (f.n_lines)
		qsort(c->lines + f.first_line, f.n_lines, sizeof(*c->lines), code_map_by_address);
	c->first_line = c->n_lines;
	code_map_add_function(c, &f);
}

void code_map_add_line(struct code_map *c, uint64_t address, uint32_t line, const char *file,
		       size_t len)
{
	const struct code_line *last =
		c->n_lines > c->first_line ? &c->lines[c->n_lines - 1] : NULL;
	const char *had = last ? c->names.text + last->file : NULL;
	struct code_line l = {.address = address, .line = line};

	if (c->n_lines == MAX_LINES || code_map_lacks_room(c))
		return;
	l.file = had && strlen(had) == len && memcmp(had, file, len) == 0
			 ? last->file
			 : code_map_add_name(c, file, len);
	array_reserve(c->lines, c->cap_lines, c->n_lines + 1);
	c->lines[c->n_lines++] = l;
	count_bytes(c);
}

/* -- searching -- */

static bool holds(const struct code_function *f, uint64_t address)
{
	return address - f->start < f->end - f->start;
}

static uint32_t find_flat(const struct code_map *c, uint64_t address)
{
	size_t n = count_before(c->n_segments, i, c->address[i] <= address);

	return n ? c->owner[n - 1] : NO_ID;
}

static uint32_t code_map_find_row(const struct code_map *c, uint64_t address, uint64_t time_ns)
{
	uint32_t flat;

	for (size_t i = c->n; i > c->n_flat; i--)
		if (holds(&c->functions[i - 1], address) && c->functions[i - 1].time_ns <= time_ns)
			return (uint32_t)i - 1;
	flat = find_flat(c, address);
	if (flat == NO_ID || c->functions[flat].time_ns <= time_ns)
		return flat;
	/* Rare: that one came later. */
	for (uint32_t i = flat; i > 0; i--)
		if (holds(&c->functions[i - 1], address) && c->functions[i - 1].time_ns <= time_ns)
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
static void flatten(struct code_map *c)
{
	uint64_t *address = mem_array(2 * c->n + 1, sizeof(*address));
	uint32_t *owner, *next;
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		address[2 * i] = c->functions[i].start;
		address[2 * i + 1] = c->functions[i].end;
	}
	qsort(address, 2 * c->n, sizeof(*address), compare_u64);
	for (size_t i = 0; i < 2 * c->n; i++)
		if (!n || address[n - 1] != address[i])
			address[n++] = address[i];
	owner = mem_array(n + 1, sizeof(*owner));
	next = mem_array(n + 1, sizeof(*next));
	for (uint32_t i = 0; i <= n; i++) {
		owner[i] = NO_ID;
		next[i] = i;
	}
	for (size_t i = c->n; i-- > 0;) {
		size_t end = index_of(address, n, c->functions[i].end);

		for (size_t s = next_free(next, index_of(address, n, c->functions[i].start));
		     s < end; s = next_free(next, s)) {
			owner[s] = (uint32_t)i;
			next[s] = (uint32_t)s + 1;
		}
	}
	free(next);
	free(c->address);
	free(c->owner);
	c->address = address;
	c->owner = owner;
	c->n_segments = n;
	c->n_flat = c->n;
}

void code_map_move(struct code_map *c, uint64_t from, uint64_t to, uint64_t bytes, uint64_t time_ns)
{
	uint32_t i = code_map_find_row(c, from, UINT64_MAX);
	struct code_function f;

	if (i == NO_ID || c->functions[i].start != from)
		return;
	f = c->functions[i];
	f.start = to;
	f.end = to + bytes;
	f.time_ns = time_ns;
	code_map_add_function(c, &f);
}

void code_map_settle(struct code_map *c)
{
	/* The more there are the rarer: each time it sorts all. */
	if (c->n - c->n_flat > MAX_UNSORTED + c->n_flat / 8)
		flatten(c);
	count_bytes(c);
}

static void code_map_find_line(const struct code_map *c, const struct code_function *f,
			       uint64_t offset, struct code_place *ret)
{
	const struct code_line *lines;
	size_t n;

	if (!f->n_lines)
		return;
	lines = c->lines + f->first_line;
	n = count_before(f->n_lines, i, lines[i].address <= offset);
	if (!n)
		return;
	ret->file = c->names.text + lines[n - 1].file;
	ret->line = lines[n - 1].line;
}

bool code_map_find(const struct code_map *c, uint64_t address, uint64_t time_ns,
		   struct code_place *ret)
{
	uint32_t i = code_map_find_row(c, address, time_ns);
	const struct code_function *f;

	*ret = (struct code_place){0};
	if (i == NO_ID)
		return false;
	f = &c->functions[i];
	ret->name = c->names.text + f->name;
	ret->start = f->start;
	code_map_find_line(c, f, address - f->start, ret);
	return *ret->name;
}

bool code_map_is_full(const struct code_map *c)
{
	return c->n == MAX_FUNCTIONS || c->full;
}

void code_map_release(struct code_map *c)
{
	if (c->budget)
		c->budget->bytes -= c->counted;
	str_release(&c->names);
	free(c->functions);
	free(c->lines);
	free(c->address);
	free(c->owner);
	*c = (struct code_map){0};
}
