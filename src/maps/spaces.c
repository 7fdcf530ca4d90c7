/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address spaces: which image lies where in each process. */
#include "maps/spaces.h"

#include "base/mem.h"
#include "base/sort.h"
#include "base/str.h"
#include "proc/pmaps.h"

#include <string.h>

static void note_change(struct space *space, uint64_t start, uint64_t end)
{
	space->changes[space->n_changes++ % SPACE_CHANGES] =
		(struct space_change){space->version, start, end};
}

static void space_free(struct space *space)
{
	free(space->maps);
	free(space);
}

void spaces_release(struct spaces *spaces)
{
	uint64_t pid, value;

	for (size_t cursor = 0; map64_next(&spaces->by_pid, &cursor, &pid, &value);)
		space_free((struct space *)(uintptr_t)value);
	map64_release(&spaces->by_pid);
}

struct space *spaces_find(const struct spaces *spaces, pid_t pid)
{
	uint64_t value;

	if (!map64_find(&spaces->by_pid, (uint32_t)pid, &value))
		return NULL;
	return (struct space *)(uintptr_t)value;
}

struct space *spaces_get(struct spaces *spaces, pid_t pid)
{
	struct space *space = spaces_find(spaces, pid);

	if (space)
		return space;
	space = mem_alloc(sizeof(*space));
	space->pid = pid;
	map64_set(&spaces->by_pid, (uint32_t)pid, (uintptr_t)space);
	return space;
}

struct space *spaces_fork(struct spaces *spaces, pid_t parent, pid_t child)
{
	struct space *from = spaces_find(spaces, parent);
	struct space *space = spaces_get(spaces, child);

	space_clear(space);
	/* Versions go on: what is known of its parent's mappings holds for its own. */
	if (from) {
		space->version = from->version;
		space->n_changes = from->n_changes;
		memcpy(space->changes, from->changes, sizeof(space->changes));
	}
	space->scanned = from && from->scanned;
	if (from && from->n) {
		array_reserve(space->maps, space->cap, from->n);
		memcpy(space->maps, from->maps, from->n * sizeof(*from->maps));
		space->n = from->n;
		space->has_jitdump = from->has_jitdump;
	}
	return space;
}

void spaces_remove(struct spaces *spaces, pid_t pid)
{
	struct space *space = spaces_find(spaces, pid);

	if (!space)
		return;
	map64_delete(&spaces->by_pid, (uint32_t)pid);
	space_free(space);
}

bool space_changed_since(const struct space *space, uint32_t version, uint64_t address)
{
	uint32_t n = space->n_changes, kept = MIN(n, (uint32_t)SPACE_CHANGES);

	/* What the ring no longer holds may have been anywhere. */
	if (n > SPACE_CHANGES && space->changes[n % SPACE_CHANGES].version > version)
		return true;
	for (uint32_t i = 0; i < kept; i++)
		if (space->changes[i].version > version && address >= space->changes[i].start &&
		    address < space->changes[i].end)
			return true;
	return false;
}

void space_clear(struct space *space)
{
	space->n = 0;
	space->version++;
	note_change(space, 0, UINT64_MAX);
}

void space_take(struct space *space, struct space *from)
{
	free(space->maps);
	space->maps = steal(from->maps);
	space->n = from->n;
	space->cap = from->cap;
	space->has_jitdump = from->has_jitdump;
	from->n = from->cap = 0;
	space->version++;
	note_change(space, 0, UINT64_MAX);
}

/* First mapping that ends above the address. */
static size_t lower_bound(const struct space *space, uint64_t address)
{
	return count_before(space->n, i, space->maps[i].end <= address);
}

const struct space_map *space_find(const struct space *space, uint64_t address)
{
	size_t i = lower_bound(space, address);

	return i < space->n && space->maps[i].start <= address ? &space->maps[i] : NULL;
}

static void insert_at(struct space *space, size_t i, const struct space_map *map)
{
	array_reserve(space->maps, space->cap, space->n + 1);
	memmove(space->maps + i + 1, space->maps + i, (space->n - i) * sizeof(*space->maps));
	space->maps[i] = *map;
	space->n++;
}

bool space_add(struct space *space, const struct space_map *map)
{
	size_t i = lower_bound(space, map->start), last;
	bool replaced = false;

	if (map->start >= map->end)
		return false;
	if (i < space->n && space->maps[i].start < map->start) {
		/* One mapping reaches into the new one, perhaps beyond it. */
		struct space_map rest = space->maps[i];

		space->maps[i].end = map->start;
		replaced = true;
		if (rest.end > map->end) {
			rest.offset += map->end - rest.start;
			rest.start = map->end;
			insert_at(space, i + 1, &rest);
		}
		i++;
	}
	for (last = i; last < space->n && space->maps[last].end <= map->end; last++)
		replaced |= space->maps[last].image != map->image ||
			    space->maps[last].start - space->maps[last].offset !=
				    map->start - map->offset;
	if (last > i)
		memmove(space->maps + i, space->maps + last,
			(space->n - last) * sizeof(*space->maps));
	space->n -= last - i;
	if (i < space->n && space->maps[i].start < map->end) {
		space->maps[i].offset += map->end - space->maps[i].start;
		space->maps[i].start = map->end;
		replaced = true;
	}
	insert_at(space, i, map);
	space->version++;
	if (replaced)
		note_change(space, map->start, map->end);
	return replaced;
}

/* "/somewhere/jit-123.dump", which a runtime maps so that it be found. */
static bool is_jitdump(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && str_starts(slash, "/jit-") && str_ends(slash, ".dump");
}

const struct space_map *space_jitdump(const struct space *space)
{
	for (size_t i = 0; space->has_jitdump && i < space->n; i++)
		if (is_jitdump(space->maps[i].image->path))
			return &space->maps[i];
	return NULL;
}

bool space_add_source(struct space *space, struct images *images, const struct space_source *s)
{
	struct space_map map = {s->start, s->end, s->offset, NULL};
	const struct file_id process = {.inode = (uint64_t)space->pid};
	static const struct build_id unknown;

	if (s->start > INT64_MAX)
		return false;
	map.image = images_add(images, s->path, &unknown,
			       image_kind_of(s->path) == IMAGE_ANONYMOUS ? &process : &s->file);
	if (map.image->kind != IMAGE_FILE)
		map.offset = 0;
	if (is_jitdump(s->path))
		space->has_jitdump = true;
	return space_add(space, &map);
}

/* Reading what a process has mapped, in order of address. */
struct scan {
	struct space *space;
	struct images *images;
	struct space_source before; /* the file that was mapped last */
	uint64_t hole, hole_end;    /* code in memory, right behind that; equal: there is none */
};

static bool same_source(const struct space_source *a, const struct space_source *b)
{
	return a->path && str_equal(a->path, b->path) && a->file.device == b->file.device &&
	       a->file.inode == b->file.inode;
}

/*
 * Code in memory, between two parts of one file that lie as they lie in the file: it is the
 * file's, that was copied to other pages (to huge ones, as iodlr, BOLT's hugify and Node's
 * --use-largepages do).
 */
static void fill_hole(struct scan *scan, const struct space_source *behind)
{
	struct space_source source = scan->before;

	if (scan->hole == scan->hole_end || behind->start != scan->hole_end ||
	    !same_source(&source, behind) ||
	    behind->offset - source.offset != behind->start - source.start)
		return;
	source.offset += scan->hole - source.start;
	source.start = scan->hole;
	source.end = scan->hole_end;
	space_add_source(scan->space, scan->images, &source);
}

static void note_source(struct scan *scan, const struct space_source *s, bool executable)
{
	bool is_memory = image_kind_of(s->path) != IMAGE_FILE || image_is_memory_path(s->path);

	if (!is_memory) {
		fill_hole(scan, s);
		scan->before = *s;
		scan->hole = scan->hole_end = s->end;
	} else if (executable && s->start == scan->hole_end) {
		scan->hole_end = s->end;
	} else {
		scan->hole = scan->hole_end = 0;
	}
}

static void scan_map(void *ctx, const struct pmap *m)
{
	const struct space_source source = {.start = m->start,
					    .end = m->end,
					    .offset = m->offset,
					    .path = m->path,
					    .file = {file_device(m->major, m->minor), m->inode, 0}};
	struct scan *scan = ctx;

	if (m->executable)
		space_add_source(scan->space, scan->images, &source);
	note_source(scan, &source, m->executable);
}

int space_scan(struct space *space, struct images *images)
{
	struct scan scan = {.space = space, .images = images};

	return pmaps_read(space->pid, scan_map, &scan);
}

/* Adds the parts of a mapping at which nothing is known. */
static void space_fill(struct space *space, const struct space_map *map)
{
	for (uint64_t at = map->start; at < map->end;) {
		size_t i = lower_bound(space, at);
		uint64_t next = i < space->n ? space->maps[i].start : UINT64_MAX;
		struct space_map part = *map;

		if (next <= at) {
			at = space->maps[i].end;
			continue;
		}
		part.start = at;
		part.end = MIN(next, map->end);
		part.offset += at - map->start;
		space_add(space, &part);
		at = part.end;
	}
}

int space_scan_gaps(struct space *space, struct images *images)
{
	struct space now = {.pid = space->pid};
	int code = space_scan(&now, images);

	for (size_t i = 0; i < now.n; i++)
		space_fill(space, &now.maps[i]);
	space->has_jitdump |= now.has_jitdump;
	free(now.maps);
	return code;
}
