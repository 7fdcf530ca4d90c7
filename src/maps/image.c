/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One image, and its file. */
#include "maps/image.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "proc/pmaps.h"
#include "proc/procfs.h"

#include <errno.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Descriptors that are left for what is read meanwhile. */
enum { SPARE_FILES = 8 };

enum image_kind image_kind_of(const char *path)
{
	if (str_starts(path, "[vdso]"))
		return IMAGE_VDSO;
	if (path[0] != '/' || str_starts(path, "//anon") || str_starts(path, "/dev/zero") ||
	    str_starts(path, "/SYSV") || str_starts(path, "/anon_hugepage"))
		return IMAGE_ANONYMOUS;
	return IMAGE_FILE;
}

/* 0 where the file system does not tell. */
uint64_t file_generation(int fd)
{
	int generation = 0;

	return ioctl(fd, FS_IOC_GETVERSION, &generation) ? 0 : (uint32_t)generation;
}

/* A file of one's own, as the kernel tells of it once it is mapped. */
struct mapped_file {
	uint64_t at, device, inode;
};

static void find_mapped(void *ctx, const struct pmap *m)
{
	struct mapped_file *f = ctx;

	if (m->start == f->at) {
		f->device = file_device(m->major, m->minor);
		f->inode = m->inode;
	}
}

/* Does the kernel, in mappings, call the file behind `fd` by that number? Overlay and btrfs say
 * another one there than stat does. */
static bool is_mapped_as(int fd, const struct file_id *id)
{
	void *page = mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0);
	struct mapped_file f = {.at = (uintptr_t)page};

	if (page == MAP_FAILED)
		return false;
	pmaps_read(getpid(), find_mapped, &f);
	munmap(page, 1);
	return f.device == id->device && f.inode == id->inode;
}

/* Kernels from 6.8 to 6.17 call a file of an overlay by one number in records and by another in
 * maps. There its path has to do; that of `link`, what the mapping is of now. */
static bool is_overlaid(const struct image *image, int fd, const char *link)
{
	char path[PATH_MAX];
	struct statfs fs;
	ssize_t n;

	if (fstatfs(fd, &fs) || fs.f_type != OVERLAYFS_SUPER_MAGIC)
		return false;
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return false;
	path[n] = '\0';
	return str_equal(path, image->path);
}

/* Is what was opened the file that was mapped? Another one may lie there by now. `link` says what
 * its mapping is of now; NULL: nothing does. */
static bool is_file_of(const struct image *image, const struct opened_file *file, const char *link)
{
	const struct file_id *id = &image->file;
	const struct stat *st = &file->st;
	uint64_t generation;

	/* Without a number nothing of a process's can be compared. */
	if (!id->inode)
		return !image->pid;
	generation = id->generation && !file->is_copy ? file_generation(file->fd) : 0;
	if (generation && generation != id->generation)
		return false;
	if (id->inode == st->st_ino &&
	    id->device == file_device(major(st->st_dev), minor(st->st_dev)))
		return true;
	return !file->is_copy &&
	       (is_mapped_as(file->fd, id) || (link && is_overlaid(image, file->fd, link)));
}

bool image_is_memory_path(const char *path)
{
	return str_starts(path, "/memfd:") || str_starts(path, "memfd:") ||
	       (str_starts(path, "/dev/shm/") && str_ends(path, " (deleted)"));
}

/* One file that the mapping may be of. `link` says what its mapping is of now. */
static int image_open_one(const struct image *image, const struct wanted_file *wanted,
			  const char *link, struct opened_file *ret)
{
	int code = broker_open(wanted, ret);

	if (code)
		return code;
	/* Descriptors are given lowest first. */
	if ((size_t)ret->fd + SPARE_FILES >= limits_files())
		code = -EMFILE;
	else if (!is_file_of(image, ret, link))
		code = -ENOENT;
	if (code)
		close(ret->fd);
	return code;
}

/* Could it be had some other time, or by more rights? Then that is told, whatever else failed. */
static bool image_is_passing(int code)
{
	return code == -EMFILE || code == -ENFILE || code == -EBUSY || code == -ETIMEDOUT ||
	       code == -EACCES;
}

int image_open_file(const struct image *image, struct opened_file *ret, bool *ret_by_path)
{
	pid_t thread = image->pid ? process_live_thread(image->pid) : 0;
	auto_free char *exact =
		mem_printf("/proc/%d/map_files/%llx-%llx", thread, (unsigned long long)image->start,
			   (unsigned long long)image->end);
	auto_close int root = image->pid ? process_root(image->pid) : -1;
	const struct wanted_file ways[] = {
		/* By our own rights: what it leads to is compared with what was mapped. */
		{.path = image->path,
		 .pid = image->pid,
		 .as_user = image->by_build_id,
		 .user = image->named_by},
		{.path = exact, .pid = image->pid, .raised = true},
		{.path = image->path,
		 .root = root,
		 .pid = image->pid,
		 .raised = true,
		 .no_links = true},
	};
	size_t n = root >= 0 ? ARRAY_SIZE(ways) : 2;
	int code = -ENOENT, now = 0;

	*ret_by_path = false;
	for (size_t i = 0; i < (image->pid ? n : 1); i++) {
		now = image_open_one(image, &ways[i], image->pid ? exact : NULL, ret);
		*ret_by_path = !now && i == 0;
		if (!now)
			return 0;
		if (!image_is_passing(code))
			code = now;
	}
	return code;
}

const char *image_why_closed(int code)
{
	if (code == -EMFILE || code == -ENFILE)
		return "too many open files";
	if (code == -EBUSY || code == -ETIMEDOUT)
		return "reading its file took too long";
	if (code == -ENOMEM)
		return "too much memory for copies of files";
	return code == -EACCES ? "its file may not be read" : NULL;
}

bool image_is_trusted(const struct image *image)
{
	return image->root == ROOT_OURS && image->by_path && image->elf &&
	       elf_file_is_trusted(image->elf);
}

uid_t image_owner(const struct image *image)
{
	const uid_t nobody = 65534;
	uid_t owner = 0;

	if (image->kind == IMAGE_ANONYMOUS)
		return process_user((pid_t)image->file.inode, &owner) ? owner : nobody;
	if (!image->elf)
		return nobody;
	owner = elf_file_owner(image->elf);
	return owner || image->kind != IMAGE_FILE || image_is_trusted(image) ? owner : nobody;
}

bool image_cache_key(const struct image *image, const char *kind, int version,
		     char ret[MAX_CACHE_KEY])
{
	const struct stat *st = elf_file_stat(image->elf);
	char id[2 * MAX_BUILD_ID + 1];
	int n;

	*ret = '\0';
	if (!image->build_id.len || elf_file_is_copy(image->elf))
		return false;
	n = snprintf(ret, MAX_CACHE_KEY, "%s-%s-%d-%llx", kind, build_id_hex(&image->build_id, id),
		     version, (unsigned long long)st->st_size);
	if (!image_is_trusted(image))
		snprintf(ret + n, MAX_CACHE_KEY - (size_t)n, "-%llx-%llx-%llx.%lx-%llx.%lx",
			 (unsigned long long)st->st_dev, (unsigned long long)st->st_ino,
			 (unsigned long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
			 (unsigned long long)st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
	return true;
}

bool image_may_cache(const struct image *image, const struct elf_file *debug)
{
	return !debug || (image->root == ROOT_OURS && elf_file_is_trusted(debug));
}

struct jit *image_jit(struct image *image)
{
	if (!image->jit && image->kind == IMAGE_ANONYMOUS)
		image->jit = jit_new((pid_t)image->file.inode, image->budget);
	return image->jit;
}

const char *image_name(const struct image *image)
{
	const char *slash = strrchr(image->path, '/');

	return slash && slash[1] ? slash + 1 : image->path;
}
