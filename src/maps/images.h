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
#include "maps/image.h"

enum { MAX_OPEN_IMAGES = 512 };

struct images;

struct images *images_new(void);
/* Bounds what is kept of generated code, and copies of files that others answer for, each; 256 MiB
 * at first. */
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
/* The process is gone, or another program: what has its number from now on is another image. */
void images_forget_generated(struct images *images, pid_t pid);

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

/* Puts images to sleep when many are awake; all, for their memory. Not while others than the caller
 * read images. */
void images_rest(struct images *images);
void images_rest_all(struct images *images);

/* Remembers which profile mapping an image became, and the way back. */
size_t images_count(const struct images *images);
struct image *images_at(const struct images *images, size_t i);
void images_bind(struct images *images, struct image *image, uint32_t mapping);
struct image *images_by_mapping(const struct images *images, uint32_t mapping);
