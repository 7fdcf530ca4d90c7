/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds files that belong to an image: its separate debug file (by build id, then by
 * .gnu_debuglink, with the same build id or, without one, the checksum), and what that names. In
 * the image's own root first, then in ours.
 */
#pragma once

#include "maps/images.h"

/* Where the debug file with that build id is kept (heap), whether it is there or not; NULL for an
 * id too short to be one. */
char *debugfile_path(const struct build_id *id);
/* The opened debug file with the image's build id (the caller frees), or NULL. `ret_path` (or NULL)
 * gets its path, for the caller to free. */
struct elf_file *debugfile_open(const struct image *image, char **ret_path);
/* A file that the image (or what belongs to it) names: with the rights of the image's owner, and
 * below the image's own root. With `id`, only one with that build id. NULL: there is none. */
struct elf_file *debugfile_open_named(const struct image *image, const char *path,
				      const struct build_id *id);
/* A file of ours, by a path that nobody else chose. */
struct elf_file *debugfile_open_ours(const char *path, const struct build_id *id);
