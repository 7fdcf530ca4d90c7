/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of any content in the cache, and an entry that was damaged anywhere: it is an entry as it
 * was written, or none. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cache.h"
#include "base/io.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_anything(const char *path, const uint8_t *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || fd_write(fd, data, size))
		abort();
	close(fd);
}

/* `how`: where, and what is to be there. */
static void damage(const char *path, const uint8_t *how)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	uint32_t at;
	struct stat st;

	memcpy(&at, how, sizeof(at));
	if (fd < 0 || fstat(fd, &st) || pwrite(fd, how + 4, 4, at % st.st_size) != 4)
		abort();
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char dir[] = "cprof-fuzz-XXXXXX";
	static struct cache *cache;
	struct cache_view *view;
	char path[64];
	size_t bytes;
	void *got;
	bool written = size > 8 && data[0] & 1;

	if (!cache)
		cache = cache_new(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/entry", dir);
	if (written) {
		cache_put(cache, "entry", data + 8, size - 8);
		damage(path, data);
	} else {
		put_anything(path, data, size);
	}
	view = cache_view_open(cache, "entry");
	if (view && cache_view_need(view, view->data, view->bytes) &&
	    (view->bytes > size ||
	     (written && (view->bytes != size - 8 || memcmp(view->data, data + 8, size - 8) != 0))))
		abort();
	cache_view_free(view);
	got = cache_get(cache, "entry", &bytes);
	if (got && written && (bytes != size - 8 || memcmp(got, data + 8, bytes) != 0))
		abort();
	free(got);
	unlink(path);
	return 0;
}
