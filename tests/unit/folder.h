/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of its own for a test program, as set-up and tear-down of cmocka's groups and tests. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

static char dir[64];

static inline int folder_make(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/cprof-test-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

/* Runs a command of the shell's in it. */
static inline int folder_run(const char *command)
{
	char all[2048];

	if ((size_t)snprintf(all, sizeof(all), "cd %s && %s", dir, command) >= sizeof(all))
		return -1;
	return system(all);
}

static inline int folder_remove(void **state)
{
	char command[256];

	(void)state;
	snprintf(command, sizeof(command), "chmod -R u+w %s && rm -rf %s", dir, dir);
	return system(command);
}
