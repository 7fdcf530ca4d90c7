/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files: whole files in, and output that never leaves a half-written file under its name.
 *
 * Errors: negative errno.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

/* Appends the whole file, at most `max` bytes (-EFBIG beyond). */
int file_read(const char *path, size_t max, struct str *out);
/* Appends what comes first, `most` bytes or all there are. */
int fd_read_head(int fd, size_t most, struct str *out);
int fd_read(int fd, size_t max, struct str *out);
/* Opens a regular file for reading, and nothing else: to open a device may do something. `root` (a
 * descriptor, or -1: ours) is where the path and its links begin. */
int file_open_regular(int root, const char *path);
int fd_write(int fd, const void *data, size_t len);

/*
 * An output file: written without a name (or beside its own), and named by output_commit(); "-" is
 * stdout, and what exists and is no regular file (a pipe, /dev/null) is written in place.
 * Owner: output_release() closes and removes what was not committed.
 */
struct output {
	char *path;      /* as given */
	char *target;    /* which it is to replace; NULL when written in place */
	char *temporary; /* beside it; NULL while the file has no name */
	int fd;
	bool is_stdout;
};

int output_open(struct output *o, const char *path, struct err *err);
int output_commit(struct output *o, struct err *err);
void output_release(struct output *o);
