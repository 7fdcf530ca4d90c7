/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One image: a file, or what is like a file, that code is mapped from; and how its file is opened.
 *
 * Owner: struct images (maps/images.h).
 */
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include "elf/elf_file.h"
#include "maps/jit.h"

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

enum { ROOT_OURS = -1, ROOT_UNKNOWN = -2 };

struct image {
	enum image_kind kind;
	char *path;
	struct build_id build_id;
	bool by_build_id;    /* it was added by it, as a saved profile knows it */
	struct file_id file; /* of generated code the process, as `inode` */
	bool replaced;       /* another file has its number now */
	struct stat st;      /* of the file, when it was opened */
	bool by_path;        /* it lay at its path in our own root then */
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
	bool trusts_names;   /* what it names is opened with our own rights */
	uint64_t used;       /* images_open() counts: when it was asked for last */
	struct elf_file *elf; /* NULL: not openable, or no ELF file */
	int root;             /* O_PATH of the root of who mapped it, ROOT_OURS or ROOT_UNKNOWN */
	struct image *same;   /* the image of the same file that stands for this one */
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

/* Opens the file of the image: by its path in our own root (*ret_by_path), then image->pid's
 * mapping of it through map_files and that process's root. Only what is proven to be the file that
 * was mapped is taken. 0 or a negative errno. */
int image_open_file(const struct image *image, struct opened_file *ret, bool *ret_by_path);
/* What keeps it from being opened for now, in words; NULL: nothing, it is not there. */
const char *image_why_closed(int code);
/* What a file system says of how often a number was given away; 0: nothing. */
uint64_t file_generation(int fd);

/* Whose it is, of whom what it says comes. Only what is trusted is root's: a container, a file
 * system that others serve or brought along say "0" of theirs, too. */
uid_t image_owner(const struct image *image);

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

/* What the process tells of its generated code; NULL for images of other kinds. */
struct jit *image_jit(struct image *image);
/* File name without folders, as it is shown. */
const char *image_name(const struct image *image);
