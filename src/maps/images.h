/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images: the files, and what is like a file, that code is mapped from.
 *
 * Shape: one image per (path, device, inode, generation) and content of the file; when it is
 *        opened its build id is read, and images that are proven to be of one file (or of one
 *        build, if only root can have written them) are one. A build id alone proves nothing:
 *        anyone can write one. An image is one mapping of the profile: its addresses are `profile
 *        start + offset in the file`, whatever address each process mapped it at.
 * Owner: images_free(); an image's file is opened at first sight (a process may be gone soon).
 *        Those used longest ago sleep (elf/elf_file.h) when MAX_OPEN_IMAGES are awake, or the
 *        process's limit of descriptors (ulimit -n) is near.
 */
#pragma once

#include <sys/types.h>

#include "base/map.h"
#include "elf/elf_file.h"
#include "maps/jit.h"

enum { MAX_OPEN_IMAGES = 512 };

enum image_kind {
	IMAGE_FILE,
	IMAGE_VDSO,
	IMAGE_ANONYMOUS, /* generated code, or memory that was made executable */
	IMAGE_KERNEL,
};

/* A file, as the kernel numbers it. */
struct file_id {
	uint64_t device, inode;
	uint64_t generation; /* of files that the number was given to; 0: not known */
};

/* A device as its two numbers, in whatever way they are told. */
static inline uint64_t file_device(uint32_t major, uint32_t minor)
{
	return (uint64_t)major << 32 | minor;
}

struct image {
	enum image_kind kind;
	char *path;
	struct build_id build_id;
	bool by_build_id;    /* it was added by it, as a saved profile knows it */
	struct file_id file; /* of generated code the process, as `inode` */
	bool replaced;       /* another file has its number now */
	struct stat st;      /* of the file, when it was opened */
	bool overwritten;    /* in place, since then: a mapping made later is of another image */
	uint32_t mapping;    /* in the profile, NO_ID until code of it was sampled */
	bool named_early;    /* symbolize/ has been asked while the recording ran */
	bool debug_wanted;   /* from a debuginfod server */
	bool opened;         /* it is open, or will never be */
	bool is_memory;      /* it was, and holds no program: code was written into it */
	const char *closed;  /* what keeps it from being opened for now, in words; NULL: nothing */
	uint64_t tried_ns;   /* when that was */
	int attempts;        /* that failed, each by another process: one may still have the file */
	pid_t pid;           /* by which it was opened or tried last; 0: by its path alone */
	uint64_t start, end; /* that process's mapping of it */
	uid_t named_by;      /* who named the path, of an image of a saved profile */
	bool trusted;        /* what it names is opened with our own rights */
	uint64_t used;       /* images_open() counts: when it was asked for last */
	struct elf_file *elf; /* NULL: not openable, or no ELF file */
	int root; /* O_PATH of the root of who mapped it, where that is not ours; else -1 */
	struct image *same;         /* the image of the same file that stands for this one */
	struct image *other_root;   /* the same file as other roots see it; NULL: no more */
	struct code_budget *budget; /* of generated code, of all images */
	struct jit *jit; /* of generated code: what its process tells of it; NULL: not asked yet */
	void *symbols;   /* symbolize/'s, freed by free_symbols */
	void (*free_symbols)(void *symbols);
	uint32_t table; /* unwind/'s number of its table, NO_ID: none yet */
	void *unwind;   /* unwind/'s, freed by free_unwind */
	void (*free_unwind)(void *unwind);
	void *unwind_full; /* the same, for captures */
	void (*free_unwind_full)(void *unwind_full);
	/* Kernel only, NULL where there is none: the kernel's own words for an address,
	 * "name+0xoffset/0xsize [module]". False: it has none. */
	bool (*name_address)(void *ctx, uint64_t address, char *buf, size_t size);
	void *name_ctx;
};

/* What a mapping's path says of it. */
enum image_kind image_kind_of(const char *path);

/* Is it a file that is memory, and goes with who maps it? */
bool image_is_memory_path(const char *path);

struct images;

struct images *images_new(void);
/* Bounds what is kept of generated code; 256 MiB at first. */
void images_bound(struct images *images, size_t bytes);
const struct code_budget *images_code(const struct images *images);
/* What files name is opened with our own rights, whoever owns them: of images added from here on.
 */
void images_trust(struct images *images);
void images_free(struct images *images);

/* The image of a mapping as the kernel tells it. `path` decides the kind ("[vdso]", "//anon");
 * `file` is what there is when there is no build id, NULL: nothing. Generated code of a process is
 * one image: its `inode` is the process. */
struct image *images_add(struct images *images, const char *path, const struct build_id *build_id,
			 const struct file_id *file);
struct image *images_kernel(struct images *images);

/* Code that the kernel generated: a BPF program. */
void images_add_kernel_code(struct images *images, uint64_t start, uint64_t bytes,
			    const char *name);

/*
 * Opens the image by a process that has it mapped at [start, end): through map_files, the process's
 * root, then the path; a file that is another one by now is refused. Returns the image that stands
 * for it: for what a runtime has written into a file of memory (memfd, or deleted shared memory),
 * the process's generated code. A second call is free.
 */
struct image *images_open(struct images *images, struct image *image, pid_t pid, uint64_t start,
			  uint64_t end);

/* The same by the image's path alone, in our root, and with the rights of who named it: for what
 * nobody has mapped now. */
struct image *images_open_path(struct images *images, struct image *image, uid_t named_by);

/* Puts images to sleep when many are awake. Not while others than the caller read images. */
void images_rest(struct images *images);

/* Is its file one that only root or we can have written, in our own root? */
bool image_is_trusted(const struct image *image);

/*
 * What is read of an opened image is kept in the cache under this key. Of files that only root (or
 * we) can have written the build id and the size say which one it is; any other is known by its
 * number and its times as well, of which nobody but the kernel sets the last, so that it can speak
 * for itself only. False ("": it is not kept): it has no build id, or others answer for it.
 */
enum { MAX_CACHE_KEY = 192 };
bool image_cache_key(const struct image *image, const char *kind, int version,
		     char ret[MAX_CACHE_KEY]);
/* May what is made with the help of a debug file (NULL: without) be kept? */
bool image_may_cache(const struct image *image, const struct elf_file *debug);

/* Remembers which profile mapping an image became, and the way back. */
size_t images_count(const struct images *images);
struct image *images_at(const struct images *images, size_t i);
void images_bind(struct images *images, struct image *image, uint32_t mapping);
struct image *images_by_mapping(const struct images *images, uint32_t mapping);

/* What the process tells of its generated code; NULL for images of other kinds. */
struct jit *image_jit(struct image *image);
/* File name without folders, as it is shown. */
const char *image_name(const struct image *image);
