/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of text, from memory or, piece by piece, from a file that need not fit into it.
 *
 * Owner: lines_release(); a line is valid until the next call.
 * Errors: lines_next() ends, and `error` is a negative errno: -EFBIG for a line of over 64 MiB.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct lines {
	const char *at, *end;
	int fd; /* -1: what is in memory is all */
	char *buffer;
	size_t cap;
	size_t number; /* of the line given last, from 1 */
	bool is_cut;   /* the last one, which has no end */
	int error;
};

void lines_of_text(struct lines *l, const void *text, size_t len);
/* `head` has been read from `fd` already. */
void lines_of_fd(struct lines *l, int fd, const void *head, size_t len);
/* The next line without its end ("\n" or "\r\n"); false when there is none. */
bool lines_next(struct lines *l, const char **ret_line, size_t *ret_len);
void lines_release(struct lines *l);
