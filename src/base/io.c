/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files. */
#include "base/io.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int fd_read(int fd, size_t max, struct str *out)
{
	size_t start = out->len;
	struct stat st;

	/* A regular file says how long it is; then nothing has to be moved. */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		array_reserve(out->text, out->cap, start + MIN((size_t)st.st_size, max) + 65537);

	for (;;) {
		ssize_t n;

		array_reserve(out->text, out->cap, out->len + 65536);
		n = read(fd, out->text + out->len, out->cap - out->len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		out->len += (size_t)n;
		out->text[out->len] = '\0';
		if (out->len - start > max)
			return -EFBIG;
		if (n == 0)
			return 0;
	}
}

int fd_read_head(int fd, size_t most, struct str *out)
{
	ssize_t n = 1;

	array_reserve(out->text, out->cap, out->len + most + 1);
	for (; n > 0 && most; most -= (size_t)n) {
		do
			n = read(fd, out->text + out->len, most);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return -errno;
		out->len += (size_t)n;
	}
	out->text[out->len] = '\0';
	return 0;
}

int file_read(const char *path, size_t max, struct str *out)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return fd_read(fd, max, out);
}

int fd_write(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}
