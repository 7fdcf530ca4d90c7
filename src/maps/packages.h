/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which package a file came with, by dpkg's database, and which one holds its debug information.
 *
 * Errors: NULL where there is no such database, or no such file in it.
 * Source: dpkg's /var/lib/dpkg/info/PACKAGE.list; Debian's wiki, AutomaticDebugPackages.
 */
#pragma once

#include <stdbool.h>

/* The name of the package that has the file (heap), NULL: none. */
char *package_of(const char *path);
/* What to type for debug information of a package's files (heap): it names PACKAGE-dbgsym, or
 * PACKAGE-dbg where dpkg has heard of that. */
char *package_cure(const char *package);
