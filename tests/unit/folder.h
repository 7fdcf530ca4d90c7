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

static inline int folder_remove(void **state)
{
	char command[256];

	(void)state;
	snprintf(command, sizeof(command), "chmod -R u+w %s && rm -rf %s", dir, dir);
	return system(command);
}
