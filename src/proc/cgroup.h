/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroup v2: the mount, a group by path, and the path of a group by id.
 *
 * Source: cgroups(7); the id is the inode of the group's directory, as bpf_get_current_cgroup_id().
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Finds the cgroup2 mount in a mountinfo text. Returns its path (heap), or NULL. */
char *cgroup_mount_find(const char *mountinfo);
/* Path (heap) of this machine's cgroup2 mount, or NULL. */
char *cgroup_mount(void);

/*
 * Directory (heap) of the group given as a path below the mount ("/system.slice") or as a whole
 * path. A path that is no cgroup2 directory is an error.
 */
int cgroup_find(const char *path, char **ret_directory, struct err *err);

/* Path of a group below the mount; "" when it is not known. Returns a string of the table's. */
struct cgroup_names;
struct cgroup_names *cgroup_names_new(void);
const char *cgroup_name(struct cgroup_names *names, uint64_t id);
void cgroup_names_free(struct cgroup_names *names);
