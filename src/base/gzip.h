/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gzip streams (zlib).
 *
 * Errors: negative errno: -EBADMSG for damaged data, -EFBIG for data above the limit.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

bool gzip_is(const void *data, size_t len);
/* Appends the inflated data of all members, at most `max` bytes together, to `out`. What follows
 * the last one is no gzip data: `ret_used` is where it begins. */
int gzip_inflate(const void *data, size_t len, size_t max, struct str *out, size_t *ret_used);

/* A compressed file being written to `fd`, which stays the caller's. */
struct gzip_writer;
struct gzip_writer *gzip_writer_new(int fd);
int gzip_write(struct gzip_writer *w, const void *data, size_t len);
/* Writes the end. */
int gzip_finish(struct gzip_writer *w);
void gzip_writer_free(struct gzip_writer *w);
