/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output files. */
#include "base/output.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_LINKS = 40, MAX_NAMES = 100, NAME_MODE = 0666 };

/* -- where it is -- */

/* Goes to where `path`, as seen from the folder, has its last part. Takes the path. */
static int enter(struct output *o, char *path)
{
	char *slash = strrchr(path, '/');
	char *name = slash ? mem_strdup(slash + 1) : NULL;
	int next;

	free(o->name);
	o->name = name ? name : path;
	if (!slash)
		return *path ? 0 : -ENOENT;
	slash[slash == path] = '\0';
	next = openat(o->folder, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(path);
	if (next < 0)
		return -errno;
	if (o->folder >= 0)
		close(o->folder);
	o->folder = next;
	return *name ? 0 : -EISDIR;
}

/* Follows links of ours and of root's to what is to be replaced. */
static int follow_links(struct output *o, struct err *err)
{
	char target[PATH_MAX];
	struct stat st;
	ssize_t n;
	int code;

	for (int i = 0; i < MAX_LINKS; i++) {
		if (fstatat(o->folder, o->name, &st, AT_SYMLINK_NOFOLLOW))
			return errno == ENOENT ? 0 : -errno;
		if (!S_ISLNK(st.st_mode))
			return S_ISREG(st.st_mode) ? 0 : -EINVAL;
		if (st.st_uid != 0 && st.st_uid != geteuid()) {
			err_set(err, -EACCES, "cannot write %s: it is another user's link",
				o->path);
			return err_cure(err, "give the file that it leads to, if you mean that");
		}
		n = readlinkat(o->folder, o->name, target, sizeof(target) - 1);
		if (n < 0)
			return -errno;
		target[n] = '\0';
		code = enter(o, mem_strdup(target));
		if (code)
			return code;
	}
	return -ELOOP;
}

/* The mode and owner of what is replaced. */
static int keep_mode(const struct output *o)
{
	mode_t mask = umask(0);
	struct stat st;

	umask(mask);
	if (fstatat(o->folder, o->name, &st, AT_SYMLINK_NOFOLLOW))
		return fchmod(o->fd, NAME_MODE & ~mask) ? -errno : 0;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	/* Where we may not give it to its owner, the group's rights are not for ours. */
	if (fchown(o->fd, st.st_uid, st.st_gid))
		st.st_mode &= ~(mode_t)070;
	return fchmod(o->fd, st.st_mode & 0777) ? -errno : 0;
}

/* -- opening -- */

/* May be written to as it is: no pipe that another user has put where anyone can put one. */
static bool is_for_us(const struct stat *st, const char *path)
{
	auto_free char *folder = path_folder(path);
	struct stat in;

	if (!*folder) {
		free(folder);
		folder = mem_strdup(path[0] == '/' ? "/" : ".");
	}
	if (!S_ISFIFO(st->st_mode) || st->st_uid == geteuid() || stat(folder, &in))
		return true;
	return st->st_uid == in.st_uid || !(in.st_mode & S_ISVTX) || !(in.st_mode & 022);
}

static int open_in_place(struct output *o, const struct stat *found)
{
	struct stat st;

	if (!is_for_us(found, o->path))
		return -EACCES;
	/* A pipe that nobody reads is told, not waited for. */
	o->fd = open(o->path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (o->fd < 0)
		return -errno;
	if (fstat(o->fd, &st) || S_ISREG(st.st_mode))
		return -EAGAIN; /* it is another one by now */
	return fcntl(o->fd, F_SETFL, O_WRONLY) ? -errno : 0;
}

static int open_unnamed(struct output *o, struct err *err)
{
	int code;

	o->folder = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	code = o->folder < 0 ? -errno : enter(o, mem_strdup(o->path));
	code = code ? code : follow_links(o, err);
	if (code)
		return code;
	if (faccessat(o->folder, ".", W_OK | X_OK, AT_EACCESS) ||
	    (faccessat(o->folder, o->name, W_OK, AT_EACCESS) && errno != ENOENT))
		return -errno;
	o->fd = openat(o->folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	/* It gets its name by /proc. */
	if (o->fd >= 0 && !access("/proc/self/fd", X_OK))
		return 0;
	if (o->fd >= 0)
		close(o->fd);
	o->fd = memfd_create("cprof", MFD_CLOEXEC);
	o->is_memory = true;
	return o->fd < 0 ? -errno : 0;
}

int output_open(struct output *o, const char *path, struct err *err)
{
	struct stat st;
	int code;

	*o = (struct output){.fd = -1, .folder = -1, .path = mem_strdup(path)};
	if (str_equal(path, "-")) {
		o->is_stdout = true;
		o->fd = STDOUT_FILENO;
		return 0;
	}
	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		code = open_in_place(o, &st);
	else
		code = open_unnamed(o, err);
	if (!code || err->what[0])
		return code;
	err_set(err, code, "cannot write %s", path);
	if (code == -ENXIO)
		return err_cure(err, "nobody reads this pipe: begin its reader first");
	return err_cure(err, "choose another file with -o");
}

/* -- naming -- */

/* A name beside that of the output, which is not taken. Returns 0 when `make` made it. */
static int try_names(const struct output *o, int (*make)(void *ctx, int folder, const char *name),
		     void *ctx, char **ret_name)
{
	for (unsigned i = 0; i < MAX_NAMES; i++) {
		auto_free char *name = mem_printf("%.200s.%d-%u", o->name, (int)getpid(), i);

		if (!make(ctx, o->folder, name)) {
			*ret_name = steal(name);
			return 0;
		}
		if (errno != EEXIST)
			break;
	}
	return -errno;
}

static int make_link(void *output, int folder, const char *name)
{
	const struct output *o = output;
	char self[32];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", o->fd);
	return linkat(AT_FDCWD, self, folder, name, AT_SYMLINK_FOLLOW);
}

static int make_file(void *fd, int folder, const char *name)
{
	int *made = fd;

	*made = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return *made < 0 ? -1 : 0;
}

static int replace(const struct output *o, const char *by)
{
	if (!renameat(o->folder, by, o->folder, o->name))
		return 0;
	unlinkat(o->folder, by, 0);
	return -errno;
}

/* Where nothing is, it is linked at once; else beside, and put in its place. */
static int name_it(struct output *o)
{
	auto_free char *beside = NULL;
	int code = keep_mode(o);

	if (code || !make_link(o, o->folder, o->name))
		return code;
	code = errno == EEXIST ? try_names(o, make_link, o, &beside) : -errno;
	return code ? code : replace(o, beside);
}

/* Where a file system makes no files without names, or gives them none. */
static int copy_beside(struct output *o)
{
	auto_close int from = steal_fd(o->fd);
	auto_free char *beside = NULL;
	char block[1 << 14];
	int code = try_names(o, make_file, &o->fd, &beside);
	ssize_t n;

	if (code)
		return code;
	code = lseek(from, 0, SEEK_SET) < 0 ? -errno : keep_mode(o);
	while (!code && (n = read(from, block, sizeof(block))))
		code = n < 0 ? -errno : fd_write(o->fd, block, (size_t)n);
	if (!code)
		return replace(o, beside);
	unlinkat(o->folder, beside, 0);
	return code;
}

int output_commit(struct output *o, struct err *err)
{
	int code = 0;

	if (o->is_stdout)
		return 0;
	if (o->folder >= 0 && (o->is_memory || name_it(o)))
		code = copy_beside(o);
	if (close(steal_fd(o->fd)) < 0 && !code)
		code = -errno;
	return code ? err_set(err, code, "cannot write %s", o->path) : 0;
}

void output_release(struct output *o)
{
	if (!o->is_stdout && o->fd >= 0)
		close(o->fd);
	if (o->folder >= 0)
		close(o->folder);
	free(o->name);
	free(o->path);
	*o = (struct output){.fd = -1, .folder = -1};
}
