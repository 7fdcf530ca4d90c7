/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options that say how functions are named: shared by all commands that show or save names; and
 * reading a saved profile with them.
 */
#pragma once

#include "cli/options.h"
#include "profile/profile.h"
#include "symbolize/symbolize.h"

/* The rows; their context is a struct symbolize_options at the start of the command's own. */
#define NAME_OPTIONS                                                                               \
	{0, "full-names", NULL,         "C++ and Rust functions with parameters, Go with types",   \
	 0, NULL,         name_set_full},                                                          \
		{0,                                                                                \
		 "trust",                                                                          \
		 NULL,                                                                             \
		 "open files that profiles and programs of other users name with your own rights", \
		 0,                                                                                \
		 NULL,                                                                             \
		 name_set_trust},                                                                  \
	{                                                                                          \
		0, "no-cache", NULL, "neither read nor write the cache of names", 0, NULL,         \
			name_set_no_cache                                                          \
	}

/* One more, for what runs for a while. */
#define DEBUGINFOD_OPTION                                                                          \
	{                                                                                          \
		0, "debuginfod", NULL,                                                             \
			"fetch debug information from $DEBUGINFOD_URLS, in the background", 0,     \
			NULL, name_set_debuginfod                                                  \
	}

int name_set_debuginfod(void *ctx, const char *arg, struct err *err);
int name_set_full(void *ctx, const char *arg, struct err *err);
int name_set_trust(void *ctx, const char *arg, struct err *err);
int name_set_no_cache(void *ctx, const char *arg, struct err *err);

/* Reads a profile into `p`, which is initialised; what was saved without names gets those that the
 * files of this machine give. */
int profile_load(const char *path, const struct symbolize_options *o, struct profile *p,
		 struct err *err);
/* The last line of a JSON log, of a command that has read files: what was skipped and lost. */
void profile_say_read(const struct account *a);
