/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output files. */
#include "base/output.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { MAX_LINKS = 40, MAX_NAMES = 100, NAME_MODE = 0666 };

/* -- where it is -- */

/* Goes on from another folder; takes the descriptor. */
static int enter(struct output *o, int folder)
{
	if (folder < 0)
		return -errno;
	if (o->folder >= 0)
		close(o->folder);
	o->folder = folder;
	return 0;
}

/* /proc's links to files are no paths. */
static bool is_in_proc(int folder)
{
	struct statfs fs;

	return !fstatfs(folder, &fs) && fs.f_type == PROC_SUPER_MAGIC;
}

/* Who asked root by sudo may have links of his own. */
static bool is_sudoers(uid_t uid)
{
	const char *sudo = geteuid() ? NULL : getenv("SUDO_UID");
	uint64_t number;

	return sudo && parse_u64(sudo, UINT32_MAX, &number) && number == uid;
}

/* Puts where a link leads before the rest of the path. Links of ours and of root's are followed. */
static int follow_link(struct output *o, const char *name, const struct stat *st, char **rest,
		       struct err *err)
{
	char target[PATH_MAX];
	char *longer;
	ssize_t n;

	if (st->st_uid != 0 && st->st_uid != geteuid() && !is_sudoers(st->st_uid)) {
		err_set(err, -EACCES, "cannot write %s: it leads through another user's link",
			o->path);
		return err_cure(err, "give the file that it leads to, if you mean that");
	}
	n = readlinkat(o->folder, name, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	longer = mem_printf("%s%s%s", target, **rest ? "/" : "", *rest);
	free(*rest);
	*rest = longer;
	return *target == '/' ? enter(o, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)) : 0;
}

/* Takes the first part off a path. */
static char *take_part(char **rest)
{
	char *from = *rest + strspn(*rest, "/");
	size_t n = strcspn(from, "/");
	char *part = mem_printf("%.*s", (int)n, from);
	char *left = mem_strdup(from + n + strspn(from + n, "/"));

	free(*rest);
	*rest = left;
	return part;
}

/* Walks to the folder and the name, part by part. */
static int resolve(struct output *o, struct err *err)
{
	auto_free char *rest = mem_strdup(o->path);
	int code = enter(o, open(*o->path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
	bool is_folder = str_ends(o->path, "/");

	for (int links = 0; !code;) {
		auto_free char *part = take_part(&rest);
		bool is_last = !*rest, is_link;
		struct stat st;

		if (!*part)
			return -EISDIR;
		if (fstatat(o->folder, part, &st, AT_SYMLINK_NOFOLLOW)) {
			if (errno != ENOENT || !is_last)
				return -errno;
			st.st_mode = 0;
		}
		is_link = S_ISLNK(st.st_mode);
		o->is_magic = is_link && is_in_proc(o->folder);
		if (is_link && !o->is_magic) {
			code = ++links > MAX_LINKS ? -ELOOP : follow_link(o, part, &st, &rest, err);
		} else if (is_last) {
			o->name = steal(part);
			return is_folder ? -EISDIR : 0;
		} else {
			code = enter(o, openat(o->folder, part, O_PATH | O_DIRECTORY | O_CLOEXEC));
		}
	}
	return code;
}

/* In a folder where anyone can put something: is it another user's? */
static bool is_planted(const struct output *o, const struct stat *st)
{
	struct stat in;

	if (st->st_uid == geteuid() || fstat(o->folder, &in))
		return false;
	return st->st_uid != in.st_uid && in.st_mode & S_ISVTX && in.st_mode & 022;
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

static int open_in_place(struct output *o)
{
	int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	struct stat st;

	/* A pipe that nobody reads is told, not waited for. */
	o->fd = openat(o->folder, o->name, flags | (o->is_magic ? 0 : O_NOFOLLOW));
	if (o->fd < 0)
		return -errno;
	close(steal_fd(o->folder));
	if (fstat(o->fd, &st) || (S_ISREG(st.st_mode) && !o->is_magic))
		return -EAGAIN; /* it is another one by now */
	return fcntl(o->fd, F_SETFL, O_WRONLY | (S_ISREG(st.st_mode) ? O_APPEND : 0)) ? -errno : 0;
}

static int open_unnamed(struct output *o)
{
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

static int open_resolved(struct output *o)
{
	struct stat st = {0};
	bool exists = !fstatat(o->folder, o->name, &st, o->is_magic ? 0 : AT_SYMLINK_NOFOLLOW);

	if (exists && is_planted(o, &st))
		return -EACCES;
	return exists && (o->is_magic || !S_ISREG(st.st_mode)) ? open_in_place(o) : open_unnamed(o);
}

int output_open(struct output *o, const char *path, struct err *err)
{
	int code;

	*o = (struct output){.fd = -1, .folder = -1, .path = mem_strdup(path)};
	if (str_equal(path, "-")) {
		o->is_stdout = true;
		o->fd = STDOUT_FILENO;
		return 0;
	}
	code = resolve(o, err);
	code = code ? code : open_resolved(o);
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
