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

/* A file without a name, in the folder that it is to be in: whatever happens, it leaves nothing
 * behind. -1: this file system has none, or no /proc is here, by which it gets its name. */
static int open_unnamed(const char *target)
{
	auto_free char *folder = mem_strdup(target);
	char *slash = strrchr(folder, '/');

	if (slash)
		slash[slash == folder] = '\0';
	if (access("/proc/self/fd", X_OK))
		return -1;
	return open(slash ? folder : ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
}

/* Or one with a name beside that. */
static int open_beside(struct output *o)
{
	mode_t mask = umask(0);

	umask(mask);
	o->temporary = mem_printf("%s.XXXXXX", o->target);
	o->fd = mkostemp(o->temporary, O_CLOEXEC);
	if (o->fd < 0) {
		int code = -errno;

		free(steal(o->temporary));
		return code;
	}
	return fchmod(o->fd, 0666 & ~mask) < 0 ? -errno : 0;
}

/* Gives a file without a name one beside its target. */
static int name_it(struct output *o)
{
	enum { MAX_TRIES = 100 };
	char self[32];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", o->fd);
	for (unsigned i = 0; i < MAX_TRIES; i++) {
		auto_free char *name = mem_printf("%s.%d-%u", o->target, (int)getpid(), i);

		if (!linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW)) {
			o->temporary = steal(name);
			return 0;
		}
		if (errno != EEXIST)
			break;
	}
	return -errno;
}

/* Where a file system makes files without names, but gives them none. */
static int copy_beside(struct output *o)
{
	auto_close int from = steal_fd(o->fd);
	char block[1 << 14];
	int code = open_beside(o);
	ssize_t n;

	if (!code && lseek(from, 0, SEEK_SET) < 0)
		code = -errno;
	while (!code && (n = read(from, block, sizeof(block))))
		code = n < 0 ? -errno : fd_write(o->fd, block, (size_t)n);
	return code;
}

int output_open(struct output *o, const char *path, struct err *err)
{
	struct stat st;
	int code = 0;

	*o = (struct output){.fd = -1, .path = mem_strdup(path)};
	if (str_equal(path, "-")) {
		o->is_stdout = true;
		o->fd = STDOUT_FILENO;
		return 0;
	}
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		o->fd = open(path, O_WRONLY | O_CLOEXEC);
		code = o->fd < 0 ? -errno : 0;
	} else {
		/* A link is followed, so that its target is replaced and not the link. */
		o->target = realpath(path, NULL);
		o->target = o->target ? o->target : mem_strdup(path);
		o->fd = open_unnamed(o->target);
		if (o->fd < 0)
			code = open_beside(o);
	}
	if (code) {
		err_set(err, code, "cannot write %s", path);
		return err_cure(err, "choose another file with -o");
	}
	return 0;
}

int output_commit(struct output *o, struct err *err)
{
	int code = 0;

	if (o->target && !o->temporary && name_it(o))
		code = copy_beside(o);
	if (o->is_stdout)
		return 0;
	if (close(steal_fd(o->fd)) < 0 && !code)
		code = -errno;
	if (!code && o->target && rename(o->temporary, o->target) < 0)
		code = -errno;
	if (code)
		return err_set(err, code, "cannot write %s", o->path);
	free(steal(o->temporary));
	return 0;
}

void output_release(struct output *o)
{
	if (!o->is_stdout && o->fd >= 0)
		close(o->fd);
	if (o->temporary)
		unlink(o->temporary);
	free(o->temporary);
	free(o->target);
	free(o->path);
	*o = (struct output){.fd = -1};
}
