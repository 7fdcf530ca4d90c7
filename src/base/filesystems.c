/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File systems that are local. */
#include "base/filesystems.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Those that take privileges to be mounted, and memory. */
static const uint32_t local[] = {
	EXT4_SUPER_MAGIC,     XFS_SUPER_MAGIC,   BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC,
	TMPFS_MAGIC,          RAMFS_MAGIC,       HUGETLBFS_MAGIC,   SQUASHFS_MAGIC,
	EROFS_SUPER_MAGIC_V1, ISOFS_SUPER_MAGIC, MSDOS_SUPER_MAGIC, EXFAT_SUPER_MAGIC,
	REISERFS_SUPER_MAGIC, NILFS_SUPER_MAGIC, PROC_SUPER_MAGIC,  SYSFS_MAGIC,
	0x2fc12fc1, /* ZFS */
	0xca451a4e, /* bcachefs */
	0x3153464a, /* JFS */
	0x858458f6, /* the first root of an initramfs */
};

/* The number of the mount that a file was opened by. */
static bool mount_of(int fd, unsigned *ret)
{
	char path[40], text[512];
	const char *line;
	ssize_t n;
	int info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = open(path, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return false;
	n = read(info, text, sizeof(text) - 1);
	close(info);
	if (n <= 0)
		return false;
	text[n] = '\0';
	line = strstr(text, "mnt_id:");
	return line && sscanf(line, "mnt_id: %u", ret) == 1;
}

/* Is the namespace one that our own user namespace's root has? */
static bool is_roots(int namespace_fd)
{
	struct stat ours, its;
	int owner = ioctl(namespace_fd, NS_GET_USERNS);
	bool same;

	if (owner < 0)
		return false;
	same = !fstat(owner, &its) && !stat("/proc/self/ns/user", &ours) &&
	       its.st_dev == ours.st_dev && its.st_ino == ours.st_ino;
	close(owner);
	return same;
}

/* A line of mountinfo begins with the mount's number. */
static bool lists_mount(const char *path, unsigned mount)
{
	static char text[1 << 16];
	size_t n = 0;
	ssize_t got = 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool found = false;

	while (fd >= 0 && got > 0 && !found) {
		char *line = text, *end;

		got = read(fd, text + n, sizeof(text) - 1 - n);
		n += got > 0 ? (size_t)got : 0;
		text[n] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1)
			found |= strtoul(line, NULL, 10) == mount;
		n -= (size_t)(line - text);
		memmove(text, line, n);
		if (n == sizeof(text) - 1)
			n = 0; /* no line is that long */
	}
	if (fd >= 0)
		close(fd);
	return found;
}

/* Was it mounted with root's privileges? */
static bool is_mounted_by_root(int fd, pid_t pid)
{
	char ns[40], list[40], self[16] = "self";
	unsigned mount;
	bool roots;
	int ns_fd;

	if (pid)
		snprintf(self, sizeof(self), "%d", pid);
	snprintf(ns, sizeof(ns), "/proc/%s/ns/mnt", self);
	snprintf(list, sizeof(list), "/proc/%s/mountinfo", self);
	ns_fd = open(ns, O_RDONLY | O_CLOEXEC);
	if (ns_fd < 0)
		return false;
	roots = is_roots(ns_fd);
	close(ns_fd);
	return roots && mount_of(fd, &mount) && lists_mount(list, mount);
}

bool filesystem_is_listed(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs))
		return false;
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		if ((uint32_t)fs.f_type == local[i])
			return true;
	return false;
}

bool filesystem_is_roots(int fd, pid_t pid)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && (uint32_t)fs.f_type == OVERLAYFS_SUPER_MAGIC &&
	       is_mounted_by_root(fd, pid);
}
