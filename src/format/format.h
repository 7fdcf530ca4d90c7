/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Formats: what profiles are written to and read from; one file and one row of formats.def each.
 *
 * Errors: readers treat their bytes as hostile: sizes are bounded, and damage is one clear error.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "analysis/view.h"
#include "base/err.h"
#include "base/lines.h"
#include "profile/profile.h"

struct write_options {
	struct view_options view; /* for formats that show one value */
	bool no_annotations;      /* without _[k] and the like */
	bool inverted;            /* flame graphs from the leaves up */
	const char *title;
};

struct format {
	const char *name;
	const char *endings; /* separated by blanks */
	bool binary;         /* not for a terminal */
	const char *what;
	/* NULL: it is only read */
	int (*write)(const struct profile *p, int fd, const struct write_options *o,
		     struct err *err);
	/* Fill an initialised profile, from bytes or from lines; both NULL: it is not read. */
	int (*read)(const void *data, size_t len, struct profile *p, struct err *err);
	int (*read_lines)(struct lines *lines, struct profile *p, struct err *err);
};

/* NULL beyond the last. */
const struct format *format_at(size_t i);
/* By name; an error names the nearest. */
const struct format *format_find(const char *name, struct err *err);
/* By a file's ending; NULL when none fits. */
const struct format *format_of_path(const char *path);

enum { MAX_PROFILE_BYTES = 1 << 30 }; /* of a file, and of what it inflates to */

/* Reads a profile of any readable format, told by its bytes. `p` is initialised. */
int profile_read(const char *path, struct profile *p, struct err *err);
int profile_parse(const void *data, size_t len, struct profile *p, struct err *err);

int pprof_write(const struct profile *p, int fd, const struct write_options *o, struct err *err);
int pprof_read(const void *data, size_t len, struct profile *p, struct err *err);
int folded_write(const struct profile *p, int fd, const struct write_options *o, struct err *err);
int folded_read(struct lines *lines, struct profile *p, struct err *err);
int svg_write(const struct profile *p, int fd, const struct write_options *o, struct err *err);
int html_write(const struct profile *p, int fd, const struct write_options *o, struct err *err);
int speedscope_write(const struct profile *p, int fd, const struct write_options *o,
		     struct err *err);
int text_write(const struct profile *p, int fd, const struct write_options *o, struct err *err);
int csv_write(const struct profile *p, int fd, const struct write_options *o, struct err *err);
int json_write(const struct profile *p, int fd, const struct write_options *o, struct err *err);
/* Does text begin as perf script's does? */
bool perf_script_is(const char *head, size_t len);
int perf_script_read(struct lines *lines, struct profile *p, struct err *err);
/* Appends what the format would write to a file. */
int format_append(const struct format *f, const struct profile *p, const struct write_options *o,
		  struct str *out, struct err *err);
