/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of any content in the cache is an entry as it was written, or none. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cache.h"
#include "base/io.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char dir[] = "/tmp/cprof-fuzz-XXXXXX";
	static struct cache *cache;
	struct cache_view *view;
	char path[64];
	size_t bytes;
	int fd;

	if (!cache)
		cache = cache_new(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/entry", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || fd_write(fd, data, size))
		abort();
	close(fd);
	view = cache_view_open(cache, "entry");
	if (view && cache_view_need(view, view->data, view->bytes) && view->bytes > size)
		abort();
	cache_view_free(view);
	free(cache_get(cache, "entry", &bytes));
	unlink(path);
	return 0;
}
