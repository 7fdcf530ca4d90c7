/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug files from debuginfod servers, fetched by a process of its own: nothing waits for it.
 *
 * It runs only when it is asked for and $DEBUGINFOD_URLS names servers that answer within a
 * second. What it fetches lies in debuginfod's own cache ($DEBUGINFOD_CACHE_PATH), which also
 * remembers for a while what no server has. What comes too late is there the next time.
 * Owner: debuginfod_free() ends it.
 */
#pragma once

#include "maps/images.h"

struct debuginfod;

/* NULL, with a word, when there are no servers or no client library. */
struct debuginfod *debuginfod_new(void);
void debuginfod_free(struct debuginfod *d);
/* Asks for the debug information of an image that has none; a second call is free. */
void debuginfod_want(struct debuginfod *d, struct image *image);
/* Waits until all is fetched, at most so long. */
void debuginfod_wait(struct debuginfod *d, int seconds);
/* Where a fetched debug file lies (heap), whether it is there or not. */
char *debuginfod_path(const struct build_id *id);
