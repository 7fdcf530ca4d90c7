/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cache on disk. */
#include "base/cache.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

enum { MAX_ENTRY_BYTES = 256 << 20, MAX_ENTRIES = 1 << 20, BLOCK_BYTES = 65536 };

/* Before the data of every file; behind it, a hash of each block of the data. */
struct entry_head {
	char magic[8];
	uint64_t bytes; /* of data */
	uint64_t key_hash, hashes_hash;
};

static const char magic[8] = {'c', 'p', 'r', 'o', 'f', ' ', 'c', '2'};

struct cache {
	char *directory;
	int fd; /* of the directory; -1: there is none */
	atomic_bool wrote;
};

/* Where the cache lies; NULL when nobody says. */
static char *usual_place(void)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	/* Under sudo these still name the caller's home. */
	if (geteuid() == 0 && (!xdg || getenv("SUDO_UID")))
		return mem_strdup("/var/cache/cprof");
	if (xdg && *xdg == '/')
		return mem_printf("%s/cprof", xdg);
	return home && *home == '/' ? mem_printf("%s/.cache/cprof", home) : NULL;
}

static int open_directory(const char *path)
{
	struct stat st;
	char *slash;
	int fd;

	if (mkdir(path, 0700) && errno == ENOENT) {
		auto_free char *parent = mem_strdup(path);

		slash = strrchr(parent, '/');
		if (!slash || slash == parent)
			return -1;
		*slash = '\0';
		mkdir(parent, 0755);
		mkdir(path, 0700);
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	/* What others can write to says nothing. */
	if (fd >= 0 && (fstat(fd, &st) || st.st_uid != geteuid() || st.st_mode & 022)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int cache_check(const struct cache *c, struct err *err)
{
	const char *path = c->directory;
	struct stat st;

	if (!path) {
		err_set(err, 0, "there is no folder for a cache: HOME is not set");
		return err_cure(err, "set HOME or XDG_CACHE_HOME");
	}
	if (c->fd >= 0) {
		if (!faccessat(c->fd, ".", W_OK | X_OK, AT_EACCESS))
			return 0;
		err_set(err, -errno, "the cache's folder %s cannot be written to", path);
		return err_cure(err, "another place: XDG_CACHE_HOME=DIR");
	}
	if (lstat(path, &st)) {
		err_set(err, -errno, "there is no folder %s, and it cannot be made", path);
		return err_cure(err, "make it: mkdir -p -m 700 '%s'", path);
	}
	if (S_ISLNK(st.st_mode)) {
		err_set(err, 0, "the cache's folder %s is a link, and is not used", path);
		return err_cure(err,
				"remove the link, or set XDG_CACHE_HOME to the folder above what "
				"it leads to");
	}
	if (!S_ISDIR(st.st_mode))
		return err_set(err, -ENOTDIR, "the cache's folder %s", path);
	if (st.st_uid != geteuid()) {
		err_set(err, 0, "the cache's folder %s is another user's (%u), and is not used",
			path, st.st_uid);
		return err_cure(err, "set XDG_CACHE_HOME to a folder of yours");
	}
	if (st.st_mode & 022) {
		err_set(err, 0,
			"the cache's folder %s can be written to by others (mode %o), and is "
			"not used",
			path, st.st_mode & 07777);
		return err_cure(err, "chmod 700 '%s'", path);
	}
	err_set(err, -EACCES, "the cache's folder %s", path);
	return err_cure(err, "chmod 700 '%s'", path);
}

struct cache *cache_new(const char *directory)
{
	struct cache *c = mem_alloc(sizeof(*c));

	c->directory = directory ? mem_strdup(directory) : usual_place();
	c->fd = c->directory ? open_directory(c->directory) : -1;
	return c;
}

void cache_free(struct cache *c)
{
	if (!c)
		return;
	if (c->wrote)
		cache_trim(c, CACHE_MAX_BYTES);
	if (c->fd >= 0)
		close(c->fd);
	free(c->directory);
	free(c);
}

static size_t n_blocks(size_t bytes)
{
	return (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES;
}

static uint64_t block_hash(const uint8_t *data, size_t bytes, size_t block)
{
	size_t at = block * BLOCK_BYTES;

	return XXH3_64bits(data + at, MIN(bytes - at, (size_t)BLOCK_BYTES));
}

/* Is it a file of ours, of this key, with as many bytes as it says? */
static bool is_ours(int fd, const struct file_map *map, const char *key)
{
	const uint8_t *hashes;
	struct entry_head head;
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_mode & 077 ||
	    map->n < sizeof(head))
		return false;
	memcpy(&head, map->bytes, sizeof(head));
	if (memcmp(head.magic, magic, sizeof(magic)) != 0 || head.bytes > MAX_ENTRY_BYTES ||
	    head.key_hash != XXH3_64bits(key, strlen(key)) ||
	    map->n != sizeof(head) + head.bytes + 8 * n_blocks(head.bytes))
		return false;
	hashes = map->bytes + sizeof(head) + head.bytes;
	return head.hashes_hash == XXH3_64bits(hashes, 8 * n_blocks(head.bytes));
}

struct cache_view *cache_view_open(const struct cache *c, const char *key)
{
	auto_close int fd = -1;
	struct cache_view *view;
	struct file_map map;
	struct entry_head head;

	if (c->fd < 0)
		return NULL;
	fd = openat(c->fd, key, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || file_map(fd, &map))
		return NULL;
	if (!is_ours(fd, &map, key)) {
		file_unmap(&map);
		return NULL;
	}
	futimens(fd, NULL); /* used now */
	memcpy(&head, map.bytes, sizeof(head));
	view = mem_alloc(sizeof(*view));
	view->map = map;
	view->data = map.bytes + sizeof(head);
	view->bytes = head.bytes;
	view->checked = mem_alloc(n_blocks(head.bytes) + 1);
	return view;
}

void cache_view_free(struct cache_view *view)
{
	if (!view)
		return;
	file_unmap(&view->map);
	free(view->checked);
	free(view);
}

static bool check_block(struct cache_view *view, size_t block)
{
	uint64_t want;

	memcpy(&want, view->data + view->bytes + 8 * block, sizeof(want));
	if (view->damaged || block_hash(view->data, view->bytes, block) != want)
		view->damaged = true;
	else
		view->checked[block] = 1;
	return view->checked[block];
}

bool cache_view_need(void *cache_view, const void *at, size_t bytes)
{
	struct cache_view *view = cache_view;
	size_t offset = (size_t)((const uint8_t *)at - view->data);

	if (!bytes)
		return true;
	for (size_t b = offset / BLOCK_BYTES; b <= (offset + bytes - 1) / BLOCK_BYTES; b++)
		if (!view->checked[b] && !check_block(view, b))
			return false;
	return true;
}

void *cache_get(const struct cache *c, const char *key, size_t *ret_bytes)
{
	struct cache_view *view = cache_view_open(c, key);
	void *data = NULL;

	if (view && cache_view_need(view, view->data, view->bytes)) {
		data = mem_dup(view->data, view->bytes ? view->bytes : 1);
		*ret_bytes = view->bytes;
	}
	cache_view_free(view);
	return data;
}

static int write_entry(int fd, const struct entry_head *head, const void *data,
		       const uint64_t *hashes)
{
	int code = fd_write(fd, head, sizeof(*head));

	code = code ? code : fd_write(fd, data, head->bytes);
	return code ? code : fd_write(fd, hashes, 8 * n_blocks(head->bytes));
}

int cache_put(struct cache *c, const char *key, const void *data, size_t bytes)
{
	struct entry_head head = {.bytes = bytes};
	auto_free uint64_t *hashes = mem_array(n_blocks(bytes) + 1, sizeof(*hashes));
	char name[64];
	int fd, code;

	if (c->fd < 0)
		return -ENOENT;
	if (bytes > MAX_ENTRY_BYTES)
		return -EFBIG;
	for (size_t i = 0; i < n_blocks(bytes); i++)
		hashes[i] = block_hash(data, bytes, i);
	memcpy(head.magic, magic, sizeof(magic));
	head.key_hash = XXH3_64bits(key, strlen(key));
	head.hashes_hash = XXH3_64bits(hashes, 8 * n_blocks(bytes));
	snprintf(name, sizeof(name), ".new-%d-%lx", (int)getpid(), (unsigned long)head.key_hash);
	fd = openat(c->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	c->wrote = true;
	code = write_entry(fd, &head, data, hashes);
	if (!code && renameat(c->fd, name, c->fd, key))
		code = -errno;
	if (code)
		unlinkat(c->fd, name, 0);
	close(fd);
	return code;
}

static int oldest_first(const void *a, const void *b)
{
	const struct cache_entry *x = a, *y = b;

	return x->used_s < y->used_s ? -1 : x->used_s > y->used_s;
}

struct cache_entry *cache_list(const struct cache *c, size_t *ret_n)
{
	struct cache_entry *files = NULL;
	size_t n = 0, cap = 0;
	int fd = c->fd < 0 ? -1 : openat(c->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	for (struct dirent *e; dir && n < MAX_ENTRIES && (e = readdir(dir));) {
		struct stat st;

		if (fstatat(c->fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
			continue;
		array_reserve(files, cap, n + 1);
		files[n++] = (struct cache_entry){mem_strdup(e->d_name), (uint64_t)st.st_size,
						  st.st_mtime};
	}
	if (dir)
		closedir(dir);
	if (n)
		qsort(files, n, sizeof(*files), oldest_first);
	*ret_n = n;
	return files;
}

void cache_list_free(struct cache_entry *entries, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(entries[i].name);
	free(entries);
}

const char *cache_directory(const struct cache *c)
{
	return c->fd < 0 ? NULL : c->directory;
}

uint64_t cache_trim(const struct cache *c, uint64_t max_bytes)
{
	uint64_t sum = 0, removed = 0;
	size_t n;
	struct cache_entry *files = cache_list(c, &n);

	for (size_t i = 0; i < n; i++)
		sum += files[i].bytes;
	for (size_t i = 0; i < n && sum > max_bytes; i++) {
		if (unlinkat(c->fd, files[i].name, 0))
			continue;
		sum -= files[i].bytes;
		removed += files[i].bytes;
	}
	cache_list_free(files, n);
	return removed;
}
