/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the separate debug file of an image: by build id, then by .gnu_debuglink. */
#pragma once

#include "maps/images.h"

/* The opened debug file with the image's build id (the caller frees), or NULL. */
struct elf_file *debugfile_open(const struct image *image);
