/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output files: nothing half-written ever stands under a name, and no name leads where its owner
 * may not lead us.
 *
 * Shape: written without a name (O_TMPFILE, or memory where the folder's file system has none), and
 *        named when it is whole: linked where nothing is, else put in place of what is there, whose
 *        mode (and owner, as far as we may) it gets. "-" is stdout; what exists and is no regular
 *        file (a pipe, /dev/null) is written in place. Links of ours or root's are followed, so
 *        that the target is replaced and not the link; those of others are not, in no part of the
 *        path; nor is what another user has put where anyone can taken for ours.
 * Owner: output_release() closes what was not committed; there is nothing to remove.
 * Errors: negative errno, and words.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct output {
	char *path; /* as given */
	int folder; /* in which it is to be named; -1: it is written in place */
	char *name; /* there */
	int fd;
	bool is_memory; /* until it is named */
	bool is_magic;  /* the name is a link of /proc to an open file */
	bool is_stdout;
};

int output_open(struct output *o, const char *path, struct err *err);
int output_commit(struct output *o, struct err *err);
void output_release(struct output *o);
