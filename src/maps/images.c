/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images: the files that code is mapped from. */
#include "maps/images.h"

#include "base/hash.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "proc/pmaps.h"
#include "proc/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { MAX_ATTEMPTS = 8, MAX_IMAGES = 1 << 17, MAX_ROOTS = 64, SPARE_FILES = 8 };

/* What files beyond MAX_IMAGES are: a program may map as many as it likes. */
static const char too_many[] = "[too many files]";
static const struct build_id none;

/* The root of a container, or of whoever has another than ours. */
struct root {
	dev_t device;
	ino_t inode;
	int fd; /* O_PATH: outlives the process */
};

struct images {
	struct image **all;
	size_t n, cap;
	struct map by_key;
	struct image **by_mapping;
	size_t n_by_mapping, cap_by_mapping;
	struct image *kernel;
	size_t open;
	struct root roots[MAX_ROOTS];
	size_t n_roots;
};

struct images *images_new(void)
{
	return mem_alloc(sizeof(struct images));
}

void images_free(struct images *images)
{
	if (!images)
		return;
	for (size_t i = 0; i < images->n; i++) {
		struct image *image = images->all[i];

		if (image->free_symbols)
			image->free_symbols(image->symbols);
		if (image->free_unwind)
			image->free_unwind(image->unwind);
		if (image->free_unwind_full)
			image->free_unwind_full(image->unwind_full);
		jit_free(image->jit);
		elf_file_free(image->elf);
		free(image->path);
		free(image);
	}
	for (size_t i = 0; i < images->n_roots; i++)
		close(images->roots[i].fd);
	free(images->all);
	free(images->by_mapping);
	map_release(&images->by_key);
	free(images);
}

/* Where the generation is not known it is the latest one's. */
static bool same_file(const struct image *a, const struct file_id *b)
{
	return a->file.device == b->device && a->file.inode == b->inode &&
	       (a->file.generation && b->generation ? a->file.generation == b->generation
						    : !a->replaced);
}

static bool image_equal(const void *ctx, uint32_t id, const void *key)
{
	const struct image *a = ((const struct images *)ctx)->all[id], *b = key;

	return !a->overwritten && same_file(a, &b->file) && str_equal(a->path, b->path) &&
	       a->by_build_id == b->by_build_id &&
	       (!a->by_build_id || build_id_equal(&a->build_id, &b->build_id));
}

enum image_kind image_kind_of(const char *path)
{
	if (str_starts(path, "[vdso]"))
		return IMAGE_VDSO;
	if (path[0] != '/' || str_starts(path, "//anon") || str_starts(path, "/dev/zero") ||
	    str_starts(path, "/SYSV") || str_starts(path, "/anon_hugepage"))
		return IMAGE_ANONYMOUS;
	return IMAGE_FILE;
}

/* The images of files that had the number before. */
static void replace_older(struct images *images, uint64_t hash, const struct image *key)
{
	struct image latest = *key;
	uint32_t id;

	latest.file.generation = 0;
	while ((id = map_find(&images->by_key, hash, image_equal, images, &latest)) != NO_ID)
		images->all[id]->replaced = true;
}

static int64_t modified_ns(const struct stat *st)
{
	return st->st_mtim.tv_sec * 1000000000ll + st->st_mtim.tv_nsec;
}

/* Was the file of an image written over in place since it was opened? */
static bool is_overwritten(const struct image *image)
{
	struct stat st;

	if (image->elf ? fstat(elf_file_descriptor(image->elf), &st)
		       : !image->same || stat(image->path, &st) || st.st_ino != image->file.inode)
		return false;
	return image->file_bytes && (modified_ns(&st) != image->modified_ns ||
				     (uint64_t)st.st_size != image->file_bytes);
}

struct image *images_add(struct images *images, const char *path, const struct build_id *build_id,
			 const struct file_id *file)
{
	struct image key = {.kind = image_kind_of(path),
			    .path = (char *)path,
			    .mapping = NO_ID,
			    .table = NO_ID,
			    .root = -1};
	struct image *image;
	uint64_t hash;
	uint32_t id;

	if (key.kind == IMAGE_FILE) {
		if (file && !build_id->len)
			key.file = *file;
		key.build_id = *build_id;
		key.by_build_id = build_id->len;
	} else if (key.kind == IMAGE_ANONYMOUS) {
		key.file.inode = file ? file->inode : 0;
		/* What a program maps near its heap has the heap's name. */
		if (!*path || str_starts(path, "//anon") || str_equal(path, "[heap]") ||
		    str_starts(path, "/anon_hugepage"))
			key.path = "[anon]";
	}
	hash = hash_bytes(key.path, strlen(key.path)) ^
	       hash_u64(key.file.inode ^ key.file.device << 40) ^
	       hash_bytes(key.build_id.bytes, key.build_id.len);
	id = map_find(&images->by_key, hash, image_equal, images, &key);
	if (id != NO_ID && is_overwritten(images->all[id])) {
		images->all[id]->overwritten = true;
	} else if (id != NO_ID) {
		image = images->all[id];
		if (key.file.generation)
			image->file.generation = key.file.generation;
		return image;
	}
	if (images->n >= MAX_IMAGES && !str_equal(path, too_many))
		return images_add(images, too_many, &none, NULL);
	if (key.file.generation)
		replace_older(images, hash, &key);
	image = mem_dup(&key, sizeof(key));
	image->path = mem_strdup(key.path);
	array_reserve(images->all, images->cap, images->n + 1);
	map_add(&images->by_key, hash, (uint32_t)images->n);
	images->all[images->n++] = image;
	return image;
}

struct image *images_kernel(struct images *images)
{
	if (!images->kernel) {
		images->kernel = images_add(images, "[kernel.kallsyms]", &none, NULL);
		images->kernel->kind = IMAGE_KERNEL;
	}
	return images->kernel;
}

void images_add_kernel_code(struct images *images, uint64_t start, uint64_t bytes, const char *name)
{
	struct image *kernel = images_kernel(images);

	if (!kernel->jit)
		kernel->jit = jit_empty();
	code_map_add(jit_code(kernel->jit), start, bytes, name, strlen(name), 0);
}

size_t images_count(const struct images *images)
{
	return images->n;
}

struct image *images_at(const struct images *images, size_t i)
{
	return images->all[i];
}

/* The vDSO is the same in every 64-bit process, so ours will do. */
static void open_vdso(struct image *image)
{
	const char *base = (const char *)getauxval(AT_SYSINFO_EHDR);
	const ElfW(Ehdr) *header = (const void *)base;
	size_t len;

	if (!base)
		return;
	len = header->e_shoff + (size_t)header->e_shnum * header->e_shentsize;
	if (len > 1 << 20 || elf_file_from_memory(base, len, &image->elf))
		image->elf = NULL;
}

/* 0 where the file system does not tell. */
static uint64_t generation_of(int fd)
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

/* Is the file behind `fd` the one that was mapped? Another one may lie there by now. `link` says
 * what its mapping is of now; NULL: nothing does. */
static bool is_file_of(const struct image *image, int fd, const char *link)
{
	const struct file_id *id = &image->file;
	uint64_t generation;
	struct stat st;

	if (!id->inode)
		return true;
	if (fstat(fd, &st))
		return false;
	generation = id->generation ? generation_of(fd) : 0;
	if (generation && generation != id->generation)
		return false;
	if (id->inode == st.st_ino && id->device == file_device(major(st.st_dev), minor(st.st_dev)))
		return true;
	return is_mapped_as(fd, id) || (link && is_overlaid(image, fd, link));
}

bool image_is_memory_path(const char *path)
{
	return str_starts(path, "/memfd:") || str_starts(path, "memfd:") ||
	       (str_starts(path, "/dev/shm/") && str_ends(path, " (deleted)"));
}

static bool images_try_open(struct image *image, const char *path, const char *link)
{
	int fd = file_open_regular(-1, path), code;
	struct build_id id;

	/* Descriptors are given lowest first. */
	if (fd == -EMFILE || fd == -ENFILE ||
	    (fd >= 0 && (size_t)fd + SPARE_FILES >= limits_files())) {
		image->closed = "too many open files";
		if (fd >= 0)
			close(fd);
		return false;
	}
	if (fd < 0)
		return false;
	if (!is_file_of(image, fd, link)) {
		close(fd);
		return false;
	}
	code = elf_file_open(fd, &image->elf);
	image->is_memory = code == -ENOEXEC && image_is_memory_path(image->path);
	if (code)
		return false;
	if (image->build_id.len &&
	    (!elf_file_build_id(image->elf, &id) || !build_id_equal(&id, &image->build_id))) {
		elf_file_free(steal(image->elf));
		return false;
	}
	return true;
}

static void open_file(struct image *image, pid_t pid, uint64_t start, uint64_t end)
{
	pid_t thread = process_live_thread(pid);
	auto_free char *exact = mem_printf("/proc/%d/map_files/%llx-%llx", thread,
					   (unsigned long long)start, (unsigned long long)end);
	auto_free char *root = mem_printf("/proc/%d/root%s", thread, image->path);

	if (images_try_open(image, exact, exact) || image->is_memory ||
	    images_try_open(image, root, exact))
		return;
	images_try_open(image, image->path, exact);
}

/* Another image with the build id of this one, met under another path or by a /proc scan. */
static struct image *find_same(const struct images *images, const struct image *image)
{
	for (size_t i = 0; i < images->n; i++) {
		struct image *other = images->all[i];

		if (other != image && !other->same && other->elf &&
		    build_id_equal(&other->build_id, &image->build_id))
			return other;
	}
	return NULL;
}

/* A descriptor of the process's root where that is not ours, else -1. */
static int images_root_of(struct images *images, pid_t pid)
{
	auto_free char *path = mem_printf("/proc/%d/root/.", process_live_thread(pid));
	struct stat ours, theirs;
	int fd;

	if (stat("/", &ours) || stat(path, &theirs) ||
	    (ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino))
		return -1;
	for (size_t i = 0; i < images->n_roots; i++)
		if (images->roots[i].device == theirs.st_dev &&
		    images->roots[i].inode == theirs.st_ino)
			return images->roots[i].fd;
	fd = images->n_roots == MAX_ROOTS ? -1 : open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		images->roots[images->n_roots++] = (struct root){theirs.st_dev, theirs.st_ino, fd};
	return fd;
}

/* One attempt by one process. */
static void attempt_file(struct images *images, struct image *image, pid_t pid, uint64_t start,
			 uint64_t end)
{
	bool had_id = image->build_id.len;
	struct stat st;

	image->same = had_id ? find_same(images, image) : NULL;
	image->closed = images->open == MAX_OPEN_IMAGES ? "more than 512 files" : NULL;
	if (image->same || image->closed)
		return;
	open_file(image, pid, start, end);
	if (!image->elf)
		return;
	image->closed = NULL;
	images->open++;
	image->root = images_root_of(images, pid);
	if (!fstat(elf_file_descriptor(image->elf), &st)) {
		image->modified_ns = modified_ns(&st);
		image->file_bytes = (uint64_t)st.st_size;
	}
	if (!had_id && !image->file.generation)
		image->file.generation = generation_of(elf_file_descriptor(image->elf));
	if (had_id || !elf_file_build_id(image->elf, &image->build_id))
		return;
	image->same = find_same(images, image);
	if (image->same) {
		elf_file_free(steal(image->elf));
		images->open--;
	}
}

struct image *images_open(struct images *images, struct image *image, pid_t pid, uint64_t start,
			  uint64_t end)
{
	struct file_id process = {0};

	if (image->kind == IMAGE_VDSO && !image->opened)
		open_vdso(image);
	if (image->kind != IMAGE_FILE)
		image->opened = true;
	if (!image->opened && image->attempted_by != pid) {
		attempt_file(images, image, pid, start, end);
		image->attempted_by = pid;
		image->opened = image->elf || image->same || image->is_memory ||
				++image->attempts == MAX_ATTEMPTS;
	}
	if (image->is_memory) {
		process.inode = (uint64_t)pid;
		return images_add(images, "", &none, &process);
	}
	return image->same ? image->same : image;
}

struct image *images_open_path(struct images *images, struct image *image)
{
	if (image->kind == IMAGE_FILE && !image->opened && images->open < MAX_OPEN_IMAGES &&
	    images_try_open(image, image->path, NULL)) {
		images->open++;
		if (!image->build_id.len)
			elf_file_build_id(image->elf, &image->build_id);
	}
	image->opened = true;
	return image;
}

void images_bind(struct images *images, struct image *image, uint32_t mapping)
{
	array_reserve(images->by_mapping, images->cap_by_mapping, (size_t)mapping + 1);
	while (images->n_by_mapping <= mapping)
		images->by_mapping[images->n_by_mapping++] = NULL;
	images->by_mapping[mapping] = image;
	image->mapping = mapping;
}

struct image *images_by_mapping(const struct images *images, uint32_t mapping)
{
	return mapping < images->n_by_mapping ? images->by_mapping[mapping] : NULL;
}

struct jit *image_jit(struct image *image)
{
	if (!image->jit && image->kind == IMAGE_ANONYMOUS)
		image->jit = jit_new((pid_t)image->file.inode);
	return image->jit;
}

const char *image_name(const struct image *image)
{
	const char *slash = strrchr(image->path, '/');

	return slash && slash[1] ? slash + 1 : image->path;
}
