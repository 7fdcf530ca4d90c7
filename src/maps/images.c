/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images: the files that code is mapped from. */
#include "maps/images.h"

#include "base/clock.h"
#include "base/hash.h"
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

enum {
	MAX_ATTEMPTS = 8,
	MAX_SEEN = 1 << 16,
	CODE_BYTES = 256 << 20,
	MAX_IMAGES = 1 << 17,
	MAX_ROOTS = 256,
};

/* How long a root is believed to be a process's. */
static const uint64_t root_ns = 1000000000;
/* When what failed for a passing reason is tried again. */
static const uint64_t again_ns = 1000000000;

/* What files beyond MAX_IMAGES are: a program may map as many as it likes. */
static const char too_many[] = "[too many files]";
static const struct build_id none;

/* The root of a container, or of whoever has another than ours. */
struct root {
	dev_t device;
	ino_t inode;
	int fd; /* O_PATH: outlives the process */
};

/* Which one a process was last seen to have. */
struct root_of {
	uint64_t seen_ns;
	int root; /* as image.root */
};

struct images {
	struct image **all;
	size_t n, cap;
	struct map by_key;
	struct image **by_mapping;
	size_t n_by_mapping, cap_by_mapping;
	struct image *kernel;
	bool trusts_names;
	struct code_budget code; /* of all generated code */
	atomic_uint awake;       /* files with a descriptor */
	uint64_t used;           /* counts uses of images */
	struct root roots[MAX_ROOTS];
	size_t n_roots;
	struct map64 root_of; /* process -> in `seen` */
	struct root_of *seen;
	size_t n_seen, cap_seen;
};

struct images *images_new(void)
{
	struct images *images = mem_alloc(sizeof(*images));

	images->code.max_bytes = CODE_BYTES;
	return images;
}

void images_bound(struct images *images, size_t bytes)
{
	images->code.max_bytes = bytes;
}

const struct code_budget *images_code(const struct images *images)
{
	return &images->code;
}

void images_trust(struct images *images)
{
	images->trusts_names = true;
}

void images_free(struct images *images)
{
	if (!images)
		return;
	for (size_t i = 0; i < images->n; i++) {
		struct image *image = images->all[i];

		if (image->symbols)
			image->free_symbols(image->symbols);
		if (image->unwind)
			image->free_unwind(image->unwind);
		if (image->unwind_full)
			image->free_unwind_full(image->unwind_full);
		jit_free(image->jit);
		elf_file_free(image->elf);
		free(image->path);
		free(image);
	}
	map64_release(&images->root_of);
	free(images->seen);
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

/* The images of files that had the number before. */
static void replace_older(struct images *images, uint64_t hash, const struct image *key)
{
	struct image latest = *key;
	uint32_t id;

	latest.file.generation = 0;
	while ((id = map_find(&images->by_key, hash, image_equal, images, &latest)) != NO_ID)
		images->all[id]->replaced = true;
}

/* Was the file of an image written over in place since it was opened? */
static bool is_overwritten(const struct image *image)
{
	const struct wanted_file wanted = {.path = image->path};
	struct opened_file now;
	struct stat st;
	bool changed;

	if (image->elf && elf_file_is_awake(image->elf)) {
		if (elf_file_is_copy(image->elf) || fstat(elf_file_descriptor(image->elf), &st))
			return false;
		return st.st_mtim.tv_sec != image->st.st_mtim.tv_sec ||
		       st.st_mtim.tv_nsec != image->st.st_mtim.tv_nsec ||
		       st.st_size != image->st.st_size;
	}
	if (image->elf)
		return elf_file_wake(image->elf) == -ESTALE;
	if (!image->same || broker_open(&wanted, &now))
		return false;
	changed = now.st.st_ino == image->st.st_ino &&
		  (now.st.st_mtim.tv_sec != image->st.st_mtim.tv_sec ||
		   now.st.st_mtim.tv_nsec != image->st.st_mtim.tv_nsec ||
		   now.st.st_size != image->st.st_size);
	close(now.fd);
	return changed;
}

/* One more, with what `like` is known by. */
static struct image *image_new(struct images *images, const struct image *like)
{
	struct image *image = mem_alloc(sizeof(*image));

	*image = (struct image){.kind = like->kind,
				.path = mem_strdup(like->path),
				.file = like->file,
				.trusts_names = images->trusts_names,
				.budget = &images->code,
				.mapping = NO_ID,
				.table = NO_ID,
				.root = ROOT_OURS};
	if (like->by_build_id) {
		image->build_id = like->build_id;
		image->by_build_id = true;
	}
	array_reserve(images->all, images->cap, images->n + 1);
	images->all[images->n++] = image;
	return image;
}

static uint64_t key_hash(const struct image *key)
{
	return hash_bytes(key->path, strlen(key->path)) ^
	       hash_u64(key->file.inode ^ key->file.device << 40) ^
	       hash_bytes(key->build_id.bytes, key->build_id.len);
}

struct image *images_add(struct images *images, const char *path, const struct build_id *build_id,
			 const struct file_id *file)
{
	struct image key = {.kind = image_kind_of(path),
			    .path = (char *)path,
			    .mapping = NO_ID,
			    .table = NO_ID,
			    .root = ROOT_OURS};
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
	hash = key_hash(&key);
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
	map_add(&images->by_key, hash, (uint32_t)images->n);
	return image_new(images, &key);
}

void images_forget_generated(struct images *images, pid_t pid)
{
	struct image key = {.kind = IMAGE_ANONYMOUS, .path = "[anon]", .file.inode = (uint64_t)pid};
	uint64_t hash = key_hash(&key);
	uint32_t id = map_find(&images->by_key, hash, image_equal, images, &key);

	if (id == NO_ID)
		return;
	images->all[id]->overwritten = true;
	jit_free(steal(images->all[id]->jit));
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

/* -- sleep -- */

static void image_sleep(struct image *image)
{
	if (image->symbols)
		image->free_symbols(steal(image->symbols));
	if (image->unwind)
		image->free_unwind(steal(image->unwind));
	if (image->unwind_full)
		image->free_unwind_full(steal(image->unwind_full));
	elf_file_sleep(image->elf);
}

static int images_by_use(const void *a, const void *b)
{
	const struct image *x = *(struct image *const *)a, *y = *(struct image *const *)b;

	return x->used < y->used ? -1 : x->used > y->used;
}

/* Puts those to sleep that were used longest ago: one part of so many. */
static void images_rest_part(struct images *images, size_t parts)
{
	auto_free struct image **awake = mem_array(images->n + 1, sizeof(struct image *));
	size_t n = 0;

	for (size_t i = 0; i < images->n; i++)
		if (images->all[i]->elf && images->all[i]->kind == IMAGE_FILE &&
		    elf_file_is_awake(images->all[i]->elf))
			awake[n++] = images->all[i];
	qsort(awake, n, sizeof(*awake), images_by_use);
	for (size_t i = 0; i < n / parts; i++)
		image_sleep(awake[i]);
}

void images_rest(struct images *images)
{
	if (images->awake >= MAX_OPEN_IMAGES)
		images_rest_part(images, 2); /* half of them, so that it is rare */
}

void images_rest_all(struct images *images)
{
	images_rest_part(images, 1);
}

/* -- opening -- */

static int images_open_again(void *image, struct opened_file *ret)
{
	bool by_path;

	return image_open_file(image, ret, &by_path);
}

/* Copies in memory of files that others answer for: is there room for one more? */
static bool takes_copy(struct images *images, const struct image *image)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < images->n; i++) {
		const struct elf_file *elf = images->all[i]->elf;

		if (elf && elf_file_is_copy(elf) &&
		    (elf_file_is_awake(elf) || images->all[i] == image))
			sum += (uint64_t)elf_file_stat(elf)->st_size;
	}
	return sum <= images->code.max_bytes;
}

/* Reads what was opened as a program. */
static int take_file(struct images *images, struct image *image, const struct opened_file *file)
{
	struct build_id id;
	int code = elf_file_take(file, &image->elf);

	image->is_memory = code == -ENOEXEC && image_is_memory_path(image->path);
	if (code)
		return code;
	if (file->is_copy && !takes_copy(images, image)) {
		elf_file_free(steal(image->elf));
		return -ENOMEM;
	}
	if (image->build_id.len &&
	    (!elf_file_build_id(image->elf, &id) || !build_id_equal(&id, &image->build_id))) {
		elf_file_free(steal(image->elf));
		return -ENOENT;
	}
	elf_file_may_sleep(image->elf, images_open_again, image, &images->awake);
	return 0;
}

static int images_try_open(struct images *images, struct image *image)
{
	struct opened_file file;
	int code;

	images_rest(images);
	code = image_open_file(image, &file, &image->by_path);
	if (code == -EMFILE || code == -ENFILE) {
		images_rest_part(images, 2);
		code = image_open_file(image, &file, &image->by_path);
	}
	/* For want of descriptors it was not opened now; some other time it may be. */
	image->tried_ns = monotonic_ns();
	code = code ? code : take_file(images, image, &file);
	image->closed = image_why_closed(code);
	return code;
}

/* May one file stand for the other in all that is read of it? Only if it is the same file, or both
 * are root's (or ours) and say to be of one build. */
static bool is_proven_same(const struct image *a, const struct image *b)
{
	if (a->root != b->root || !build_id_equal(&a->build_id, &b->build_id))
		return false;
	/* What lies beside a file, of debug information, is found by its path. */
	if (elf_file_is_same(a->elf, b->elf))
		return (a->by_path && b->by_path) || str_equal(a->path, b->path);
	return (image_is_trusted(a) && image_is_trusted(b) && a->st.st_size == b->st.st_size);
}

/* Another image of the same file, met under another path or by a /proc scan. */
static struct image *find_same(const struct images *images, const struct image *image)
{
	for (size_t i = 0; i < images->n; i++) {
		struct image *other = images->all[i];

		if (other != image && !other->same && other->elf && is_proven_same(other, image))
			return other;
	}
	return NULL;
}

/* Finds the root, which is not ours, among those that are known, and adds it. */
static int root_descriptor(struct images *images, const struct statx *theirs, int fd)
{
	dev_t device = makedev(theirs->stx_dev_major, theirs->stx_dev_minor);

	for (size_t i = 0; i < images->n_roots; i++)
		if (images->roots[i].device == device && images->roots[i].inode == theirs->stx_ino)
			return images->roots[i].fd;
	if (images->n_roots == MAX_ROOTS)
		return ROOT_UNKNOWN;
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return ROOT_UNKNOWN;
	images->roots[images->n_roots++] = (struct root){device, theirs->stx_ino, fd};
	return fd;
}

/* The process's root as of now. Nobody is asked who may not answer (AT_STATX_DONT_SYNC). Of one
 * that is gone nothing can be opened but by its path in ours. */
static int look_at_root(struct images *images, pid_t pid)
{
	auto_close int fd = process_root(pid);
	struct statx theirs;
	struct stat ours;

	if (fd < 0)
		return process_exists(pid) ? ROOT_UNKNOWN : ROOT_OURS;
	if (stat("/", &ours) ||
	    statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, &theirs))
		return ROOT_UNKNOWN;
	if (ours.st_dev == makedev(theirs.stx_dev_major, theirs.stx_dev_minor) &&
	    ours.st_ino == theirs.stx_ino)
		return ROOT_OURS;
	return root_descriptor(images, &theirs, fd);
}

/* The same, as of a moment ago: to find what was opened already. */
static int images_root_of(struct images *images, pid_t pid)
{
	uint64_t now = monotonic_ns(), i;

	if (!map64_find(&images->root_of, (uint64_t)pid, &i)) {
		if (images->n_seen == MAX_SEEN) {
			map64_release(&images->root_of);
			images->n_seen = 0;
		}
		array_reserve(images->seen, images->cap_seen, images->n_seen + 1);
		i = images->n_seen++;
		images->seen[i] = (struct root_of){0};
		map64_set(&images->root_of, (uint64_t)pid, i);
	}
	if (!images->seen[i].seen_ns || now - images->seen[i].seen_ns > root_ns)
		images->seen[i] = (struct root_of){now, look_at_root(images, pid)};
	return images->seen[i].root;
}

/* One attempt by one process. */
static void attempt_file(struct images *images, struct image *image, pid_t pid)
{
	bool had_id = image->build_id.len;

	image->root = look_at_root(images, pid);
	if (images_try_open(images, image))
		return;
	/* Below a container's folder all is that container's, however it got there. */
	image->by_path &= process_has_our_mounts(pid);
	/* It may have entered a container meanwhile. */
	if (image->root != look_at_root(images, pid))
		image->root = ROOT_UNKNOWN;
	image->st = *elf_file_stat(image->elf);
	if (!had_id && !image->file.generation)
		image->file.generation = file_generation(elf_file_descriptor(image->elf));
	if (!had_id && !elf_file_build_id(image->elf, &image->build_id))
		return;
	image->same = find_same(images, image);
	if (image->same)
		elf_file_free(steal(image->elf));
}

/* The image as a process sees it: what is read below a container's root, of debug information say,
 * is for that container only. */
static struct image *image_of_root(struct images *images, struct image *image, int root)
{
	struct image *of = image;

	while (of->opened && of->root != root && of->other_root)
		of = of->other_root;
	if (!of->opened || of->root == root)
		return of;
	if (images->n >= MAX_IMAGES)
		return images_add(images, too_many, &none, NULL);
	of->other_root = image_new(images, image);
	return of->other_root;
}

/* What kept it from being opened passes. */
static bool may_try_again(const struct image *image)
{
	return image->closed && monotonic_ns() - image->tried_ns > again_ns;
}

struct image *images_open(struct images *images, struct image *image, pid_t pid, uint64_t start,
			  uint64_t end)
{
	struct file_id process = {0};

	image->used = ++images->used;
	if (image->kind == IMAGE_VDSO && !image->opened)
		open_vdso(image);
	if (image->kind != IMAGE_FILE)
		image->opened = true;
	/* What is opened in our own root may serve all. */
	if (image->opened && image->root != ROOT_OURS)
		image = image_of_root(images, image, images_root_of(images, pid));
	image->used = images->used;
	if (!image->opened && (image->pid != pid || may_try_again(image))) {
		image->pid = pid;
		image->start = start;
		image->end = end;
		attempt_file(images, image, pid);
		image->opened = image->elf || image->same || image->is_memory ||
				(!image->closed && ++image->attempts == MAX_ATTEMPTS);
	}
	if (image->is_memory) {
		process.inode = (uint64_t)pid;
		return images_add(images, "", &none, &process);
	}
	return image->same ? image->same : image;
}

struct image *images_open_path(struct images *images, struct image *image, uid_t named_by)
{
	if (image->kind == IMAGE_FILE && !image->opened) {
		image->named_by = named_by;
		if (!images_try_open(images, image)) {
			image->st = *elf_file_stat(image->elf);
			if (!image->build_id.len)
				elf_file_build_id(image->elf, &image->build_id);
		}
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
