/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cache on disk. */
#include "base/cache.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

enum { MAX_ENTRY_BYTES = 64 << 20, MAX_ENTRIES = 1 << 20 };

/* Before the data of every file. */
struct entry_head {
	char magic[8];
	uint64_t bytes;
	uint64_t key_hash, data_hash;
};

static const char magic[8] = {'c', 'p', 'r', 'o', 'f', ' ', 'c', '1'};

struct cache {
	char *directory;
	int fd; /* of the directory; -1: there is none */
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
	if (c->fd >= 0)
		close(c->fd);
	free(c->directory);
	free(c);
}

static bool read_exactly(int fd, void *to, size_t bytes)
{
	while (bytes) {
		ssize_t n = read(fd, to, bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		to = (char *)to + n;
		bytes -= (size_t)n;
	}
	return true;
}

static bool is_ours(int fd, size_t *ret_bytes)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_mode & 077 ||
	    st.st_size < (off_t)sizeof(struct entry_head) || st.st_size > MAX_ENTRY_BYTES)
		return false;
	*ret_bytes = (size_t)st.st_size - sizeof(struct entry_head);
	return true;
}

void *cache_get(const struct cache *c, const char *key, size_t *ret_bytes)
{
	auto_close int fd = -1;
	auto_free void *data = NULL;
	struct entry_head head;

	if (c->fd < 0)
		return NULL;
	fd = openat(c->fd, key, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || !is_ours(fd, ret_bytes) || !read_exactly(fd, &head, sizeof(head)) ||
	    memcmp(head.magic, magic, sizeof(magic)) != 0 || head.bytes != *ret_bytes ||
	    head.key_hash != XXH3_64bits(key, strlen(key)))
		return NULL;
	data = malloc(*ret_bytes ? *ret_bytes : 1);
	if (!data || !read_exactly(fd, data, *ret_bytes) ||
	    head.data_hash != XXH3_64bits(data, *ret_bytes))
		return NULL;
	futimens(fd, NULL); /* used now */
	return steal(data);
}

void cache_put(const struct cache *c, const char *key, const void *data, size_t bytes)
{
	struct entry_head head = {.bytes = bytes};
	char name[64];
	int fd;

	if (c->fd < 0 || bytes > MAX_ENTRY_BYTES - sizeof(head))
		return;
	memcpy(head.magic, magic, sizeof(magic));
	head.key_hash = XXH3_64bits(key, strlen(key));
	head.data_hash = XXH3_64bits(data, bytes);
	snprintf(name, sizeof(name), ".new-%d-%lx", (int)getpid(), (unsigned long)head.key_hash);
	fd = openat(c->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	if (fd_write(fd, &head, sizeof(head)) || fd_write(fd, data, bytes) ||
	    renameat(c->fd, name, c->fd, key))
		unlinkat(c->fd, name, 0);
	close(fd);
}

struct cached_file {
	char *name;
	uint64_t bytes;
	int64_t used_s;
};

static int oldest_first(const void *a, const void *b)
{
	const struct cached_file *x = a, *y = b;

	return x->used_s < y->used_s ? -1 : x->used_s > y->used_s;
}

void cache_trim(const struct cache *c, uint64_t max_bytes)
{
	struct cached_file *files = NULL;
	size_t n = 0, cap = 0;
	uint64_t sum = 0;
	int fd = c->fd < 0 ? -1 : openat(c->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	for (struct dirent *e; dir && n < MAX_ENTRIES && (e = readdir(dir));) {
		struct stat st;

		if (fstatat(c->fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
			continue;
		array_reserve(files, cap, n + 1);
		files[n++] = (struct cached_file){mem_strdup(e->d_name), (uint64_t)st.st_size,
						  st.st_mtime};
		sum += (uint64_t)st.st_size;
	}
	if (dir)
		closedir(dir);
	if (n)
		qsort(files, n, sizeof(*files), oldest_first);
	for (size_t i = 0; i < n; i++) {
		if (sum > max_bytes && !unlinkat(c->fd, files[i].name, 0))
			sum -= files[i].bytes;
		free(files[i].name);
	}
	free(files);
}
