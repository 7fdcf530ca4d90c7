/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup v2. */
#include "proc/cgroup.h"

#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

/* Undoes mountinfo's octal escapes (\040 for a blank). */
static void cgroup_unescape(char *path)
{
	char *out = path;

	for (char *in = path; *in; in++) {
		if (in[0] == '\\' && in[1] >= '0' && in[1] <= '3' && in[2] >= '0' && in[2] <= '7' &&
		    in[3] >= '0' && in[3] <= '7') {
			*out++ = (char)((in[1] - '0') << 6 | (in[2] - '0') << 3 | (in[3] - '0'));
			in += 3;
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
}

char *cgroup_mount_find(const char *mountinfo)
{
	for (const char *line = mountinfo; line && *line;) {
		const char *end = strchrnul(line, '\n');
		const char *sep = memmem(line, (size_t)(end - line), " - cgroup2 ", 11);
		const char *p = line;

		if (sep) {
			for (int field = 0; p && field < 4; field++) {
				p = memchr(p, ' ', (size_t)(sep - p));
				p = p ? p + 1 : NULL;
			}
			if (p) {
				char *path = mem_check(strndup(p, strcspn(p, " ")));

				cgroup_unescape(path);
				return path;
			}
		}
		line = *end ? end + 1 : end;
	}
	return NULL;
}

char *cgroup_mount(void)
{
	struct str text auto_release(str_release) = {0};

	if (file_read("/proc/self/mountinfo", 16 << 20, &text))
		return NULL;
	return cgroup_mount_find(text.text);
}

static bool is_cgroup2(const char *path)
{
	struct statfs fs;
	struct stat st;

	return statfs(path, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC && stat(path, &st) == 0 &&
	       S_ISDIR(st.st_mode);
}

int cgroup_find(const char *path, char **ret_directory, struct err *err)
{
	auto_free char *mount = cgroup_mount();
	auto_free char *below = NULL;
	struct statfs fs;

	if (!mount) {
		err_set(err, 0, "cannot select by cgroup: no cgroup2 file system is mounted");
		return err_cure(err, "mount -t cgroup2 none /sys/fs/cgroup");
	}
	if (path[0] == '/' && is_cgroup2(path)) {
		*ret_directory = mem_strdup(path);
		return 0;
	}
	below = mem_printf("%s/%s", mount, path + strspn(path, "/"));
	if (is_cgroup2(below)) {
		*ret_directory = steal(below);
		return 0;
	}
	if (statfs(path, &fs) == 0 && fs.f_type == CGROUP_SUPER_MAGIC)
		err_usage(err, "'%s' is a cgroup v1 directory; only cgroup v2 can be selected",
			  path);
	else
		err_usage(err, "no cgroup '%s' below %s", path, mount);
	return err_cure(err, "give a directory below %s (ls %s)", mount, mount);
}

struct cgroup_names {
	char *mount;
	int mount_fd;
	struct map64 ids; /* id -> index in names */
	char **names;
	size_t n, cap;
};

struct cgroup_names *cgroup_names_new(void)
{
	struct cgroup_names *names = mem_alloc(sizeof(*names));

	names->mount = cgroup_mount();
	names->mount_fd =
		names->mount ? open(names->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	return names;
}

/* A cgroup2 file handle is the 64-bit inode, type FILEID_KERNFS. */
static char *path_by_id(const struct cgroup_names *names, uint64_t id)
{
	struct {
		struct file_handle head;
		uint64_t id;
	} handle = {.head = {.handle_bytes = 8, .handle_type = 0xfe}, .id = id};
	auto_close int fd = -1;
	char link[64], path[PATH_MAX];
	ssize_t n;

	_Static_assert(__builtin_offsetof(__typeof__(handle), id) == sizeof(struct file_handle),
		       "");
	if (names->mount_fd < 0)
		return mem_strdup("");
	fd = open_by_handle_at(names->mount_fd, &handle.head, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return mem_strdup("");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return mem_strdup("");
	path[n] = '\0';
	if (!str_starts(path, names->mount))
		return mem_strdup("");
	memmove(path, path + strlen(names->mount), strlen(path + strlen(names->mount)) + 1);
	return mem_strdup(path[0] ? path : "/");
}

const char *cgroup_name(struct cgroup_names *names, uint64_t id)
{
	uint64_t index;

	if (!id || id == UINT64_MAX)
		return "";
	if (!map64_find(&names->ids, id, &index)) {
		index = names->n;
		array_reserve(names->names, names->cap, names->n + 1);
		names->names[names->n++] = path_by_id(names, id);
		map64_set(&names->ids, id, index);
	}
	return names->names[index];
}

void cgroup_names_free(struct cgroup_names *names)
{
	if (!names)
		return;
	for (size_t i = 0; i < names->n; i++)
		free(names->names[i]);
	free(names->names);
	map64_release(&names->ids);
	if (names->mount_fd >= 0)
		close(names->mount_fd);
	free(names->mount);
	free(names);
}
