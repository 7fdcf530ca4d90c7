/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files in and out. */
#include "base/io.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
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

int file_open_regular(int root, const char *path)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC,
			       .resolve = root >= 0 ? RESOLVE_IN_ROOT : 0};
	auto_close int at =
		(int)syscall(SYS_openat2, root >= 0 ? root : AT_FDCWD, path, &how, sizeof(how));
	char self[32];
	struct stat st;
	int fd;

	if (at < 0 || fstat(at, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", at);
	fd = open(self, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
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

int output_open(struct output *o, const char *path, struct err *err)
{
	struct stat st;
	mode_t mask;

	*o = (struct output){.fd = -1, .path = mem_strdup(path)};
	if (str_equal(path, "-")) {
		o->is_stdout = true;
		o->fd = STDOUT_FILENO;
		return 0;
	}
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		o->fd = open(path, O_WRONLY | O_CLOEXEC);
	} else {
		/* A link is followed, so that its target is replaced and not the link. */
		char *target = realpath(path, NULL);

		o->temporary = mem_printf("%s.XXXXXX", target ? target : path);
		free(target);
		o->fd = mkostemp(o->temporary, O_CLOEXEC);
		if (o->fd < 0) {
			int code = -errno;

			free(steal(o->temporary));
			err_set(err, code, "cannot write %s", path);
			return err_cure(err, "choose another file with -o");
		}
		mask = umask(0);
		umask(mask);
		if (fchmod(o->fd, 0666 & ~mask) < 0)
			return err_set(err, -errno, "cannot write %s", path);
	}
	if (o->fd < 0) {
		err_set(err, -errno, "cannot write %s", path);
		return err_cure(err, "choose another file with -o");
	}
	return 0;
}

int output_commit(struct output *o, struct err *err)
{
	int code = 0;
	char *target;

	if (o->is_stdout)
		return 0;
	if (close(steal_fd(o->fd)) < 0)
		return err_set(err, -errno, "cannot write %s", o->path);
	if (!o->temporary)
		return 0;
	target = realpath(o->path, NULL);
	if (rename(o->temporary, target ? target : o->path) < 0)
		code = err_set(err, -errno, "cannot write %s", o->path);
	free(target);
	if (!code)
		free(steal(o->temporary));
	return code;
}

void output_release(struct output *o)
{
	if (!o->is_stdout && o->fd >= 0)
		close(o->fd);
	if (o->temporary)
		unlink(o->temporary);
	free(o->temporary);
	free(o->path);
	*o = (struct output){.fd = -1};
}
