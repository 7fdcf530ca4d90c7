/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of the files that processes run: have they unwind tables, symbols, DWARF?
 *
 * Owner: modules_release().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "maps/images.h"

enum module_symbols { SYMBOLS_NONE, SYMBOLS_EXPORTED, SYMBOLS_MINI, SYMBOLS_FULL };

struct module {
	char *path;
	char build_id[2 * MAX_BUILD_ID + 1];
	enum image_kind kind;
	bool readable;               /* else nothing below is known */
	bool unwind;                 /* .eh_frame, or Go's tables */
	enum module_symbols symbols; /* SYMBOLS_MINI: .gnu_debugdata */
	bool dwarf;                  /* in the file, or in a debug file that is here */
	char *debug_file;            /* NULL: none */
	char *package;               /* that it came with; NULL: not known */
	size_t processes;            /* that have it mapped */
};

struct modules {
	struct module *all;
	size_t n, cap;
	size_t processes, unreadable; /* whose mappings cannot be read */
	/* Processes that generate code, and how many of them tell its names. */
	size_t generating, naming;
};

/* Those of a process, or (0) of all. 0 or a negative errno: the process is gone or not ours. */
int modules_find(pid_t pid, struct modules *ret);
void modules_release(struct modules *m);
const char *module_symbols_word(enum module_symbols symbols);
