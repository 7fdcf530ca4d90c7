/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The unwind tables of images. */
#include "unwind/tables.h"

#include "base/cache.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "maps/debugfile.h"
#include "unwind/compile.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

/* Part of a cached table's name: to be raised when the compiler makes other rules of a file. */
enum { COMPILER_VERSION = 6 };

/* One image to compile, and what came of it. */
struct job {
	struct job *next;
	uint32_t entry;
	struct elf_file *elf, *debug;
	char key[MAX_CACHE_KEY + 1]; /* in the cache; "": it is not kept */
	struct table_head *table;    /* NULL: nothing tells how to unwind it */
	int kept;                    /* in the cache, or why not */
	bool from_cache;
	uint64_t took_ns;
};

struct jobs {
	struct job *first, **end;
};

struct entry {
	struct image *image;
	uint32_t at; /* offset, or TABLE_FILE and the like */
	uint32_t bytes;
};

struct tables {
	struct store *store;
	table_moved *moved;
	void *ctx;
	void (*quiesce)(void);
	struct cache *cache;
	struct entry *entries;
	size_t n_entries, cap_entries;
	unsigned pending; /* jobs that were not taken over */
	uint64_t taken;
	int done_fd;
	bool started;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake, ready;
	struct jobs todo, done;
	bool stop;
};

/* -- the worker -- */

static void jobs_init(struct jobs *jobs)
{
	jobs->first = NULL;
	jobs->end = &jobs->first;
}

static void jobs_push(struct jobs *jobs, struct job *job)
{
	job->next = NULL;
	*jobs->end = job;
	jobs->end = &job->next;
}

static struct job *jobs_pop(struct jobs *jobs)
{
	struct job *job = jobs->first;

	if (!job)
		return NULL;
	jobs->first = job->next;
	if (!jobs->first)
		jobs->end = &jobs->first;
	return job;
}

static void job_free(struct job *job)
{
	if (!job)
		return;
	elf_file_free(job->elf);
	elf_file_free(job->debug);
	free(job->table);
	free(job);
}

static bool from_cache(const struct cache *cache, struct job *job)
{
	size_t bytes;
	void *data = *job->key ? cache_get(cache, job->key, &bytes) : NULL;

	if (!data)
		return false;
	/* An empty entry says that the file has no table. */
	if (bytes && !table_check(data, bytes)) {
		free(data);
		return false;
	}
	job->table = bytes ? data : NULL;
	if (!bytes)
		free(data);
	return true;
}

static void run_job(struct tables *t, struct job *job)
{
	uint64_t began = monotonic_ns();

	job->from_cache = from_cache(t->cache, job);
	if (!job->from_cache) {
		job->table = compile_table(job->elf, job->debug);
		if (*job->key)
			job->kept = cache_put(t->cache, job->key, job->table,
					      job->table ? job->table->bytes : 0);
	}
	job->took_ns = monotonic_ns() - began;
}

static void *tables_work(void *tables)
{
	struct tables *t = tables;
	uint64_t one = 1;
	struct job *job;

	pthread_mutex_lock(&t->lock);
	for (;;) {
		while (!t->stop && !t->todo.first)
			pthread_cond_wait(&t->wake, &t->lock);
		if (t->stop)
			break;
		job = jobs_pop(&t->todo);
		pthread_mutex_unlock(&t->lock);
		run_job(t, job);
		pthread_mutex_lock(&t->lock);
		jobs_push(&t->done, job);
		pthread_cond_signal(&t->ready);
		if (write(t->done_fd, &one, sizeof(one)) < 0)
			continue; /* full: then it is readable anyway */
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

/* -- tables -- */

struct tables *tables_new(struct store *store, const char *cache_directory, table_moved *moved,
			  void (*quiesce)(void), void *ctx)
{
	struct tables *t = mem_alloc(sizeof(*t));

	t->store = store;
	t->moved = moved;
	t->ctx = ctx;
	t->quiesce = quiesce;
	t->cache = cache_new(cache_directory);
	t->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->wake, NULL);
	pthread_cond_init(&t->ready, NULL);
	jobs_init(&t->todo);
	jobs_init(&t->done);
	return t;
}

void tables_free(struct tables *t)
{
	struct job *job;

	if (!t)
		return;
	if (t->started) {
		pthread_mutex_lock(&t->lock);
		t->stop = true;
		pthread_cond_signal(&t->wake);
		pthread_mutex_unlock(&t->lock);
		pthread_join(t->thread, NULL);
	}
	while ((job = jobs_pop(&t->todo)) || (job = jobs_pop(&t->done)))
		job_free(job);
	cache_free(t->cache);
	pthread_cond_destroy(&t->wake);
	pthread_cond_destroy(&t->ready);
	pthread_mutex_destroy(&t->lock);
	if (t->done_fd >= 0)
		close(t->done_fd);
	/* The images outlive us. */
	for (size_t i = 0; i < t->n_entries; i++)
		t->entries[i].image->table = NO_ID;
	free(t->entries);
	free(t);
}

static struct job *job_new(const struct image *image, uint32_t entry)
{
	struct job *job = mem_alloc(sizeof(*job));

	job->entry = entry;
	if (elf_file_reopen(image->elf, &job->elf))
		job->elf = NULL;
	job->debug = debugfile_open(image, NULL);
	if (image_may_cache(image, job->debug) &&
	    image_cache_key(image, "unwind", COMPILER_VERSION, job->key) && job->debug)
		strcat(job->key, "d");
	return job;
}

int tables_build(const struct image *image, struct cache *cache)
{
	struct tables t = {.cache = cache};
	struct job *job = job_new(image, 0);
	int code;

	if (job->elf)
		run_job(&t, job);
	code = job->kept;
	job_free(job);
	return code;
}

uint32_t tables_epoch(void)
{
	return (uint32_t)(monotonic_ns() / 1000000000);
}

static struct table_head *head_at(const struct tables *t, uint32_t at)
{
	return (void *)(t->store->memory + at);
}

static void tables_take_job(struct tables *t, struct job *job);

/* Has the image's table built. Returns what holds until then. */
static uint32_t tables_begin(struct tables *t, struct image *image, uint32_t entry)
{
	struct job *job = job_new(image, entry);

	if (!job->elf) {
		job_free(job);
		return TABLE_FILE;
	}
	if (!t->started)
		t->started = thread_start(&t->thread, tables_work, t);
	t->pending++;
	if (!t->started) { /* no more threads: then here */
		run_job(t, job);
		tables_take_job(t, job);
		return t->entries[entry].at;
	}
	pthread_mutex_lock(&t->lock);
	jobs_push(&t->todo, job);
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->lock);
	return TABLE_NOT_READY;
}

enum { EVICTED = 2 }; /* bytes of an entry whose table is gone, but may come back */

uint32_t tables_get(struct tables *t, struct image *image)
{
	struct entry *e;

	if (!image->elf)
		return TABLE_GENERATED;
	if (image->table == NO_ID) {
		array_reserve(t->entries, t->cap_entries, t->n_entries + 1);
		image->table = (uint32_t)t->n_entries;
		t->entries[t->n_entries++] = (struct entry){.image = image, .bytes = EVICTED};
	}
	e = &t->entries[image->table];
	if (e->at == TABLE_NOT_READY && e->bytes == EVICTED) {
		e->bytes = 0;
		e->at = tables_begin(t, image, image->table);
	}
	if (e->at >= TABLE_FIRST)
		head_at(t, e->at)->last_used = tables_epoch();
	return e->at;
}

uint32_t tables_peek(const struct tables *t, const struct image *image)
{
	return image->table == NO_ID ? TABLE_NOT_READY : t->entries[image->table].at;
}

int tables_wait_fd(const struct tables *t)
{
	return t->done_fd;
}

static void evict(struct tables *t, struct entry *e)
{
	store_free(t->store, e->at, e->bytes);
	e->at = TABLE_NOT_READY;
	e->bytes = EVICTED;
	t->moved(t->ctx, e->image, TABLE_NOT_READY);
}

bool tables_make_room(struct tables *t, uint32_t bytes)
{
	uint64_t freed = 0;

	while (freed < bytes) {
		struct entry *oldest = NULL;
		uint32_t oldest_used = 0;

		for (size_t i = 0; i < t->n_entries; i++) {
			struct entry *e = &t->entries[i];

			if (e->at < TABLE_FIRST ||
			    (oldest && head_at(t, e->at)->last_used >= oldest_used))
				continue;
			oldest = e;
			oldest_used = head_at(t, e->at)->last_used;
		}
		if (!oldest)
			break;
		freed += oldest->bytes;
		evict(t, oldest);
	}
	t->quiesce(); /* nobody reads what was evicted */
	store_settle(t->store);
	log_debug("unwind tables: the store was full, %llu bytes were evicted",
		  (unsigned long long)freed);
	return freed;
}

static uint32_t put(struct tables *t, const struct table_head *table)
{
	uint32_t at = store_put(t->store, table, table->bytes);

	/* What was freed need not lie together. */
	while (!at && table->bytes < t->store->bytes && tables_make_room(t, table->bytes))
		at = store_put(t->store, table, table->bytes);
	if (at)
		head_at(t, at)->last_used = tables_epoch();
	return at;
}

static void tables_take_job(struct tables *t, struct job *job)
{
	struct entry *e = &t->entries[job->entry];

	if (job->table) {
		e->at = put(t, job->table);
		e->bytes = job->table->bytes;
	}
	if (!e->at) { /* none, or larger than the store */
		e->at = TABLE_FILE;
		e->bytes = 0;
	}
	log_debug("unwind table of %s: %u rows, %u bytes, %s in %.1f ms", e->image->path,
		  job->table ? job->table->n_rows : 0, job->table ? job->table->bytes : 0,
		  job->from_cache ? "cached" : "built", (double)job->took_ns / 1e6);
	t->moved(t->ctx, e->image, e->at);
	t->pending--;
	t->taken++;
	job_free(job);
}

uint64_t tables_taken(const struct tables *t)
{
	return t->taken;
}

bool tables_take(struct tables *t, bool wait)
{
	struct jobs done;
	struct job *job;
	uint64_t n;

	if (!t->pending)
		return false;
	jobs_init(&done);
	pthread_mutex_lock(&t->lock);
	while (wait && !t->done.first)
		pthread_cond_wait(&t->ready, &t->lock);
	/* The worker writes under the lock: what is read here is of jobs that are taken here. */
	if (read(t->done_fd, &n, sizeof(n)) < 0)
		n = 0;
	while ((job = jobs_pop(&t->done)))
		jobs_push(&done, job);
	pthread_mutex_unlock(&t->lock);
	while ((job = jobs_pop(&done)))
		tables_take_job(t, job);
	return t->pending;
}
