/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole files, and what descriptors give.
 *
 * Errors: negative errno.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/str.h"

/* Appends the whole file, at most `max` bytes (-EFBIG beyond). */
int file_read(const char *path, size_t max, struct str *out);
/* Appends what comes first, `most` bytes or all there are. */
int fd_read_head(int fd, size_t most, struct str *out);
int fd_read(int fd, size_t max, struct str *out);
int fd_write(int fd, const void *data, size_t len);
