/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source files: found by the path that debug information has, and read as lines.
 *
 * Owner: source_release().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/str.h"

struct source {
	char *path;   /* where it was found; NULL: nowhere */
	char *asked;  /* of source_line(): for what file */
	bool refused; /* who named it may not read what lies there */
	struct str text;
	const char **lines; /* from 1; without their ends */
	size_t n;
};

/* `folders` (NULL, or separated by colons) are searched first, for the path and then for ever
 * shorter ends of it; then it is opened with the rights of the user who named it. Returns false
 * when there is none, or it is no regular file of at most 16 MiB. */
bool source_read(struct source *s, const char *path, const char *folders, uid_t named_by);
/* A line of a file, "" when there is none; the file stays read until another one is asked for.
 * `s` is zeroed at first. */
const char *source_line(struct source *s, const char *file, const char *folders, uid_t named_by,
			size_t line);
void source_release(struct source *s);
