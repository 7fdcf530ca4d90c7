/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files mapped for reading.
 *
 * A file that is cut short while it is mapped reads as zeros from there on, instead of ending us
 * with SIGBUS. Its bytes may change at any moment: whoever checks a value reads it once.
 * Owner: file_unmap().
 * Errors: negative errno.
 * Threads: any.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct file_map {
	const uint8_t *bytes;
	size_t n;
};

/* Maps the whole of an open regular file; an empty one is -ENODATA. */
int file_map(int fd, struct file_map *ret);
void file_unmap(struct file_map *map);
