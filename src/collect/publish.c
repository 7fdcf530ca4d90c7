/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Publishes mappings and unwind tables to the kernel side. */
#include "collect/publish.h"

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"

#include <string.h>

enum {
	OWN_STORE_BYTES = 32 << 20, /* of addresses */
	TAG_SHIFT = 47,             /* an address has fewer bits */
	MAX_TAG = 1 << 17,
	EVICT_SHARE = 8, /* of the processes, when there are too many */
	MAX_FUTILE = 32, /* captures after which a process's frame pointers are no longer trusted */
};

/* Mappings in the store; forked children have their parent's. */
struct block {
	size_t index;        /* in `blocks` */
	unsigned users;      /* processes */
	uint32_t at, n_maps; /* in the store, behind a head */
	uint64_t serial;
	const struct image **images; /* of the mappings */
};

/* What the kernel side knows of a process. */
struct published {
	pid_t pid;
	struct block *block;
	uint32_t version, n_futile;
	uint64_t start_ns, exec_id, tag;
};

struct publish {
	struct kernel *kernel;
	struct store store;
	struct tables *tables;
	struct map64 by_pid; /* index in `all` */
	struct published *all;
	size_t n, cap;
	struct block **blocks;
	size_t n_blocks, cap_blocks;
	uint64_t tag;    /* the last one given away */
	uint64_t serial; /* the same, of blocks */
};

/* -- blocks -- */

static struct table_maps_head *head_of(const struct publish *p, const struct block *b)
{
	return (void *)(p->store.memory + b->at);
}

static struct table_map *maps_of(const struct publish *p, const struct block *b)
{
	return (void *)(head_of(p, b) + 1);
}

static uint32_t block_bytes(const struct block *b)
{
	return (uint32_t)(sizeof(struct table_maps_head) + b->n_maps * sizeof(struct table_map));
}

static void block_free(struct block *b)
{
	free(b->images);
	free(b);
}

/* When nobody has it any more, who came to it without our knowledge loses it too. */
static void block_drop(struct publish *p, struct block *b)
{
	if (--b->users)
		return;
	__atomic_store_n(&head_of(p, b)->serial, 0, __ATOMIC_RELEASE);
	store_free(&p->store, b->at, block_bytes(b));
	p->blocks[b->index] = p->blocks[--p->n_blocks];
	p->blocks[b->index]->index = b->index;
	block_free(b);
}

/* A table has come or gone: every process that has the image mapped learns of it. */
static void table_has_moved(void *ctx, const struct image *image, uint32_t table)
{
	struct publish *p = ctx;

	for (size_t i = 0; i < p->n_blocks; i++) {
		struct block *b = p->blocks[i];
		struct table_map *maps = maps_of(p, b);

		for (uint32_t j = 0; j < b->n_maps; j++)
			if (b->images[j] == image)
				__atomic_store_n(&maps[j].table, table, __ATOMIC_RELEASE);
	}
}

static void set_epoch(const struct publish *p)
{
	if (p->kernel)
		kernel_set_epoch(p->kernel, tables_epoch());
}

/* Where nothing walks in the kernel, tables are for us alone. */
static void init_store(struct publish *p)
{
	struct kernel_store store;

	if (!p->kernel) {
		store_init_own(&p->store, OWN_STORE_BYTES);
		return;
	}
	store = kernel_store(p->kernel);
	store_init(&p->store, store.memory, (uint32_t)store.bytes);
}

struct publish *publish_new(struct kernel *kernel)
{
	struct publish *p = mem_alloc(sizeof(*p));

	p->kernel = kernel;
	init_store(p);
	set_epoch(p);
	p->tables = tables_new(&p->store, NULL, table_has_moved, kernel_quiesce, p);
	return p;
}

void publish_free(struct publish *p)
{
	if (!p)
		return;
	tables_free(p->tables);
	for (size_t i = 0; i < p->n_blocks; i++)
		block_free(p->blocks[i]);
	free(p->blocks);
	free(p->all);
	map64_release(&p->by_pid);
	store_release(&p->store);
	free(p);
}

struct tables *publish_tables(struct publish *p)
{
	return p->tables;
}

const struct store *publish_store(const struct publish *p)
{
	return &p->store;
}

/* Forgets a process on this side. */
static void remove_ours(struct publish *p, size_t i)
{
	struct published *one = &p->all[i];

	block_drop(p, one->block);
	map64_delete(&p->by_pid, (uint32_t)one->pid);
	*one = p->all[--p->n];
	if (i < p->n)
		map64_set(&p->by_pid, (uint32_t)one->pid, i);
}

static void remove_at(struct publish *p, size_t i)
{
	kernel_set_process(p->kernel, (uint32_t)p->all[i].pid, NULL);
	remove_ours(p, i);
}

/* What had the number before: the kernel side knows that it has ended. */
static void publish_forget_ours(struct publish *p, pid_t pid)
{
	uint64_t i;

	if (map64_find(&p->by_pid, (uint32_t)pid, &i))
		remove_ours(p, i);
}

void publish_forget(struct publish *p, pid_t pid)
{
	uint64_t i;

	if (map64_find(&p->by_pid, (uint32_t)pid, &i))
		remove_at(p, i);
}

/* Every tag has been given away: all begin anew. */
static void restart_tags(struct publish *p)
{
	log_debug("unwind tables: all processes are published anew");
	while (p->n)
		remove_at(p, p->n - 1);
	kernel_quiesce();
	store_settle(&p->store);
	kernel_forget_rules(p->kernel);
	p->tag = 0;
}

/* One mapping for the kernel side. `ret_image` is NULL when nothing is known of the file yet: a
 * sample in it is captured, and with that the process published anew. */
static uint32_t map_table(struct publish *p, const struct space_map *from, struct table_map *to,
			  const struct image **ret_image)
{
	const struct image *image = from->image->same ? from->image->same : from->image;
	uint64_t address;

	*to = (struct table_map){.begin = from->start, .end = from->end, .table = TABLE_NOT_READY};
	*ret_image = NULL;
	if (image->kind == IMAGE_ANONYMOUS)
		return to->table = TABLE_GENERATED;
	if (!image->opened && !image->attempts)
		return TABLE_NOT_READY;
	/* A file that is no program, or cannot be opened: whoever runs it made it. */
	if (!image->elf)
		return to->table = TABLE_GENERATED;
	if (!elf_file_address(image->elf, from->offset, &address))
		return to->table = TABLE_FILE;
	*ret_image = image;
	to->bias = from->start - address;
	return to->table = tables_peek(p->tables, image);
}

static uint32_t fill_maps(struct publish *p, const struct space *space, struct block *b,
			  struct table_map *maps)
{
	uint32_t flags = 0;

	for (uint32_t i = 0; i < b->n_maps; i++)
		if (map_table(p, &space->maps[i], &maps[i], &b->images[i]) == TABLE_GENERATED)
			flags |= PROCESS_GENERATES_CODE;
	return flags;
}

/* The eighth of the processes that was published first makes room. */
static void evict_processes(struct publish *p)
{
	uint64_t first = UINT64_MAX, limit;

	for (size_t i = 0; i < p->n; i++)
		first = MIN(first, p->all[i].tag);
	limit = first + (p->tag - first) / EVICT_SHARE;
	/* Children have their parent's tag: no more than the share goes all the same. */
	for (size_t i = p->n, most = p->n / EVICT_SHARE + 1; i-- > 0 && most;)
		if (p->all[i].tag <= limit) {
			remove_at(p, i);
			most--;
		}
	kernel_quiesce();
	store_settle(&p->store);
}

/* Puts the process's mappings into the store. NULL: there is no room. */
static struct block *put_maps(struct publish *p, const struct space *space, uint32_t *ret_flags)
{
	struct block *b = mem_alloc(sizeof(*b));
	auto_free struct table_maps_head *head = NULL;

	b->n_maps = (uint32_t)MIN(space->n, (size_t)MAX_TABLE_MAPS);
	b->images = mem_array(b->n_maps, sizeof(struct image *));
	head = mem_alloc(block_bytes(b));
	head->serial = b->serial = ++p->serial;
	for (int attempt = 0; attempt < 3 && !b->at; attempt++) {
		if (attempt == 1)
			evict_processes(p);
		if (attempt == 2)
			tables_make_room(publish_tables(p), block_bytes(b));
		/* Making room may have moved tables. */
		*ret_flags = fill_maps(p, space, b, (struct table_map *)(head + 1));
		b->at = store_put(&p->store, head, block_bytes(b));
	}
	if (!b->at) {
		block_free(b);
		return NULL;
	}
	b->users = 1;
	b->index = p->n_blocks;
	array_reserve(p->blocks, p->cap_blocks, p->n_blocks + 1);
	return p->blocks[p->n_blocks++] = b;
}

static int set_process(struct publish *p, const struct published *one, uint32_t flags)
{
	const struct process_maps maps = {
		.maps = one->block->at + (uint32_t)sizeof(struct table_maps_head),
		.n_maps = one->block->n_maps,
		.serial = one->block->serial,
		.tag = one->tag << TAG_SHIFT,
		.start_ns = one->start_ns,
		.exec_id = one->exec_id,
		.version = one->version,
		.flags = flags,
	};

	return kernel_set_process(p->kernel, (uint32_t)one->pid, &maps);
}

static void add_published(struct publish *p, const struct published *one)
{
	array_reserve(p->all, p->cap, p->n + 1);
	map64_set(&p->by_pid, (uint32_t)one->pid, p->n);
	p->all[p->n++] = *one;
}

void publish_space(struct publish *p, const struct space *space, uint64_t start_ns,
		   uint64_t exec_id)
{
	struct published one = {.pid = space->pid,
				.version = space->version,
				.start_ns = start_ns,
				.exec_id = exec_id};
	uint32_t flags = 0;
	uint64_t i;

	if (map64_find(&p->by_pid, (uint32_t)space->pid, &i) && p->all[i].start_ns == start_ns &&
	    p->all[i].exec_id == exec_id)
		one.n_futile = p->all[i].n_futile;
	publish_forget(p, space->pid);
	if (!space->n)
		return;
	if (p->tag + 1 == MAX_TAG)
		restart_tags(p);
	one.tag = ++p->tag;
	one.block = put_maps(p, space, &flags);
	if (!one.block)
		return;
	if (one.n_futile >= MAX_FUTILE)
		flags |= PROCESS_LEADS_NOWHERE;
	if (set_process(p, &one, flags)) {
		evict_processes(p);
		if (set_process(p, &one, flags)) { /* then its stacks are captured */
			block_drop(p, one.block);
			return;
		}
	}
	add_published(p, &one);
}

void publish_fork(struct publish *p, pid_t parent, pid_t child)
{
	struct process_maps maps;
	struct published one;
	uint64_t i;

	publish_forget_ours(p, child);
	if (!map64_find(&p->by_pid, (uint32_t)parent, &i) ||
	    !kernel_get_process(p->kernel, (uint32_t)child, &maps) ||
	    maps.serial != p->all[i].block->serial)
		return;
	one = p->all[i];
	one.pid = child;
	one.start_ns = maps.start_ns;
	one.exec_id = maps.exec_id;
	one.block->users++;
	add_published(p, &one);
}

pid_t publish_who_has(const struct publish *p, uint32_t serial)
{
	for (size_t i = 0; serial && i < p->n; i++)
		if ((uint32_t)p->all[i].block->serial == serial)
			return p->all[i].pid;
	return 0;
}

void publish_note_futile(struct publish *p, pid_t pid)
{
	uint64_t i;

	if (map64_find(&p->by_pid, (uint32_t)pid, &i))
		p->all[i].n_futile++;
}

void publish_renew(struct publish *p, const struct space *space)
{
	uint64_t i;

	if (map64_find(&p->by_pid, (uint32_t)space->pid, &i) && p->all[i].version != space->version)
		publish_space(p, space, p->all[i].start_ns, p->all[i].exec_id);
}

void publish_settle(struct publish *p)
{
	store_age(&p->store);
	set_epoch(p);
}
