/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who answers for a file: this kernel, or somebody whom it asks.
 *
 * Source: statfs(2); include/uapi/linux/magic.h; user_namespaces(7) for what may be mounted there.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Is the file of a file system that this kernel reads from its own disks or memory? Not known is
 * no. */
bool filesystem_is_listed(int fd);
/* An overlay may lie over any: is it one that root has mounted, as the namespace says in which
 * `pid` sees it (0: our own)? */
bool filesystem_is_roots(int fd, pid_t pid);
